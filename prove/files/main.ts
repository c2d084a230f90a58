// A tenant swaps a directory of its server for a symbolic link while the agent does everything it can below it: reads, writes,
// lists, moves, copies, links, removes, changes modes and times. Nothing outside may be read or changed. The negative control
// checks a path first and opens it afterwards, and must be caught.
//   node prove/files/main.ts --quick | --full
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { ATTEMPTS } from './attempts.ts'
import { Outside } from './outside.ts'
import { checkThenOpen, componentByComponent, type Subject } from './subject.ts'

const SECONDS = process.argv.includes('--full') ? 600 : 12
/** The negative control shows more than this many. */
const CONTROL_ESCAPES = 100

/** Calls of each operation at a time. */
const AT_ONCE = 4

interface Count {
  tries: number
  /** Calls that went through inside the tree: without them the race was never near. */
  inside: number
  escapes: number
}

// In memory where that is: a race of names needs no disk, and what is synced there costs nothing.
const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const root = await mkdtemp(path.join(place, 'hatchery-prove-files-'))
try {
  const ours = await attack('component by component', componentByComponent)
  const control = await attack('negative control: check, then open', checkThenOpen)
  const idle = Object.entries(ours.byAttempt).filter(([, { inside }]) => inside === 0)
  if (ours.escapes > 0) process.exitCode = 1
  if (idle.length > 0) {
    console.log(`never got through inside: ${idle.map(([name]) => name).join(', ')}`)
    process.exitCode = 1
  }
  if (control.escapes <= CONTROL_ESCAPES) {
    console.log('the negative control was hardly caught: the race is not tight enough to prove anything')
    process.exitCode = 1
  }
  console.log(
    `${ours.escapes} escapes in ${ours.tries} tries; at 95 % the rate is below ${(3 / ours.tries).toExponential(1)}`,
  )
} finally {
  await rm(root, { recursive: true, force: true })
}

async function attack(name: string, createSubject: (data: string) => Subject) {
  const home = await mkdtemp(path.join(root, 'server-'))
  const data = path.join(home, 'data')
  await fillTree(data)
  const outside = new Outside(path.join(home, 'outside'))
  await outside.restore()
  const subject = createSubject(data)
  const tenant = fork(path.join(import.meta.dirname, 'swap.ts'), [data, outside.directory])
  await once(tenant, 'message')

  const byAttempt: Record<string, Count> = Object.fromEntries(
    Object.keys(ATTEMPTS).map((attempt) => [attempt, { tries: 0, inside: 0, escapes: 0 }]),
  )
  const end = Date.now() + SECONDS * 1000
  let serial = 0
  let changesOutside = 0
  for (let round = 0; Date.now() < end; round++) {
    // All at once: what one finds out is old when it acts on it.
    const calls = Object.entries(ATTEMPTS).flatMap(([attempt, call]) =>
      Array.from({ length: AT_ONCE }, async () => {
        const count = byAttempt[attempt]!
        // A refusal is what a swap should meet.
        const outcome = await call(subject, data, `n${serial++}`).catch(() => null)
        count.tries += 1
        if (outcome === false) count.inside += 1
        if (outcome === true) count.escapes += 1
      }),
    )
    await Promise.all(calls)
    if (await outside.isChanged()) {
      changesOutside += 1
      await outside.restore()
    }
    if (round % 4 === 0) await tidy(data)
  }
  tenant.kill('SIGKILL')
  await once(tenant, 'exit')

  const counts = Object.values(byAttempt)
  const sum = (field: keyof Count) => counts.reduce((total, count) => total + count[field], 0)
  const outcome = { tries: sum('tries'), inside: sum('inside'), escapes: sum('escapes') + changesOutside }
  console.log(`${name}: ${JSON.stringify({ ...outcome, changesOutside })}`)
  for (const [attempt, count] of Object.entries(byAttempt)) console.log(`  ${attempt}: ${JSON.stringify(count)}`)
  return { ...outcome, byAttempt }
}

async function fillTree(data: string): Promise<void> {
  await mkdir(path.join(data, 'dir', 'deep'), { recursive: true })
  for (const file of ['file', 'victim', 'deep/file']) await writeFile(path.join(data, 'dir', file), 'inside')
}

/** Takes away what the attempts have left, and brings back what they look for. */
async function tidy(data: string): Promise<void> {
  for (const directory of [data, path.join(data, 'dir'), path.join(data, 'real')]) {
    const names = await readdir(directory).catch(() => [])
    for (const name of names.filter((one) => /^n\d+$/.test(one))) {
      await rm(path.join(directory, name), { recursive: true, force: true }).catch(() => undefined)
    }
  }
  // Whichever of the two is the directory at the moment; the tenant's link leads out and must not be written through.
  const real = path.join(data, 'real')
  await mkdir(path.join(real, 'deep')).catch(() => undefined)
  for (const file of ['file', 'victim']) await writeFile(path.join(real, file), 'inside').catch(() => undefined)
}
