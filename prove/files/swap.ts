// The tenant: swaps names of its server for links that lead out, and back, as fast as it can. In turns it is a directory, a
// directory behind two links, and the file itself.
//   node swap.ts <data directory> <outside directory> <uid>
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

/** Swaps of one kind before the next kind has its turn. */
const TURN = 400

const [data, outside, uid] = process.argv.slice(2) as [string, string, string]
if (process.getuid?.() === 0 && uid !== '0') {
  process.setgroups?.([])
  process.setgid?.(Number(uid))
  process.setuid?.(Number(uid))
}
const relative = path.relative(data, outside)

interface Swap {
  /** What is attacked. */
  readonly name: string
  /** Where the link waits meanwhile, and where it leads. */
  readonly link: string
  readonly target: string
  /** Where what belongs there waits meanwhile. */
  readonly real: string
  readonly make: (place: string) => void
}

const makeDirectory = (place: string) => {
  mkdirSync(`${place}/deep`, { recursive: true })
  for (const file of ['file', 'victim', 'deep/file']) makeFile(`${place}/${file}`)
  makeFile(`${place}/packed`, readFileSync(`${data}/archive.tar`))
}
/** What is there stays, and no link is followed. */
function makeFile(place: string, content: string | Buffer = 'inside'): void {
  if (!lstatSync(place, { throwIfNoEntry: false })) writeFileSync(place, content, { flag: 'wx' })
}
const directory = { name: `${data}/dir`, real: `${data}/real`, make: makeDirectory }
const SWAPS: readonly Swap[] = [
  { ...directory, link: `${data}/link`, target: outside },
  { ...directory, link: `${data}/link-relative`, target: relative },
  { ...directory, link: `${data}/link-chain`, target: 'hop' },
  {
    name: `${data}/dir/file`,
    link: `${data}/link-file`,
    target: `${outside}/file`,
    real: `${data}/real-file`,
    make: (place) => makeFile(place),
  },
]

symlinkSync(relative, `${data}/hop`)
process.send?.('ready')
const parent = process.ppid
// It never looks at its messages: when the suite is gone, so is its parent.
for (let turn = 0; process.ppid === parent; turn++) {
  const swap = SWAPS[turn % SWAPS.length]!
  for (let round = 0; round < TURN; round++) {
    try {
      if (round === 0) repair(swap)
      renameSync(swap.name, swap.real)
      renameSync(swap.link, swap.name)
      renameSync(swap.name, swap.link)
      renameSync(swap.real, swap.name)
    } catch {
      // The agent took or made the name in the moment between; everything is put back.
      repairQuietly(swap)
    }
  }
}

function repairQuietly(swap: Swap): void {
  try {
    repair(swap)
  } catch {
    // Once more in the next round.
  }
}

/** Whatever state it was left in: what belongs there is there, and the link waits. */
function repair({ name, link, target, real, make }: Swap): void {
  if (lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(name)
  if (existsSync(real)) {
    rmSync(name, { recursive: true, force: true })
    renameSync(real, name)
  }
  // What the agent has removed is there again.
  make(name)
  rmSync(link, { recursive: true, force: true })
  symlinkSync(target, link)
}
