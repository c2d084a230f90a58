import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { ARCHIVE, ATTEMPTS, WEIGHTY, type Place } from './attempts.ts'
import type { Door } from './doors.ts'
import { Outside } from './outside.ts'
import type { Owner, Subject } from './subject.ts'
import { tarOf } from './tar-of.ts'

/** Calls of each operation at a time; of those that are hundreds of calls of the kernel each, only one. */
const AT_ONCE = 6
/** The tree is tidied and what lies outside is looked at this often. */
const BATCH_MS = 400

export interface Count {
  tries: number
  /** Calls that went through inside the tree: without them the race was never near. */
  inside: number
  escapes: number
}

export interface RaceResult extends Count {
  /** Times that something outside was another than before; each is an escape as well. */
  changesOutside: number
  readonly byAttempt: Readonly<Record<string, Count>>
}

export interface RaceOptions {
  /** Directory of the suite; the race makes its own in it. */
  readonly root: string
  readonly seconds: number
  /** Ends after so many tries. @default Infinity */
  readonly tries?: number
  /** Called after each batch. */
  readonly onBatch?: (result: RaceResult) => void
}

/** Does everything through one door while the tenant swaps names under it. */
export async function race(door: Door, { root, seconds, tries = Infinity, onBatch }: RaceOptions): Promise<RaceResult> {
  const home = await mkdtemp(path.join(root, 'server-'))
  await chmod(home, 0o755)
  const outside = new Outside(path.join(home, 'outside'), door.owner)
  await outside.restore()
  await using opened = await door.open(home)
  const { place, subject } = opened
  await fillTree(place, door.tenant)
  const tenant = fork(path.join(import.meta.dirname, 'swap.ts'), [
    place.data,
    outside.directory,
    String(door.tenant.uid),
  ])
  const isEnded = once(tenant, 'exit')
  await once(tenant, 'message')

  const attempts = Object.entries(ATTEMPTS).filter(([name]) => !door.leavesOut.includes(name))
  const byAttempt = Object.fromEntries(attempts.map(([name]) => [name, { tries: 0, inside: 0, escapes: 0 }]))
  const result: RaceResult = { tries: 0, inside: 0, escapes: 0, changesOutside: 0, byAttempt }
  const end = Date.now() + seconds * 1000
  const nextName = namesFrom('n')
  while (Date.now() < end && result.tries < tries) {
    if (tenant.exitCode !== null) throw new Error('The attacker has ended.')
    const until = Math.min(end, Date.now() + BATCH_MS)
    // All at once: what one finds out is old when it acts on it.
    await Promise.all(
      attempts.flatMap(([name, { reach }]) =>
        Array.from({ length: WEIGHTY.includes(name) ? 1 : AT_ONCE }, async () => {
          do {
            count(result, byAttempt[name]!, await outcomeOf(reach(subject, place, nextName())))
            // What never waits for anything would keep all others from their turn.
            await setImmediate()
          } while (Date.now() < until)
        }),
      ),
    )
    if (await outside.isChanged()) {
      result.changesOutside += 1
      result.escapes += 1
      await outside.restore()
    }
    await tidy(place, subject)
    onBatch?.(result)
  }
  tenant.kill('SIGKILL')
  await isEnded
  return result
}

/** A refusal is what a swap should meet. */
function outcomeOf(attempt: Promise<boolean>): Promise<boolean | null> {
  return attempt.catch(() => null)
}

function count(total: RaceResult, one: Count, outcome: boolean | null): void {
  for (const counted of [total, one]) {
    counted.tries += 1
    if (outcome === false) counted.inside += 1
    if (outcome === true) counted.escapes += 1
  }
}

function namesFrom(letter: string): () => string {
  let serial = 0
  return () => `${letter}${serial++}`
}

async function fillTree({ data }: Place, { uid, gid }: Owner): Promise<void> {
  const directory = path.join(data, 'dir')
  await mkdir(path.join(directory, 'deep'), { recursive: true })
  for (const file of ['file', 'victim', 'deep/file']) await writeFile(path.join(directory, file), 'inside')
  await writeFile(path.join(data, ARCHIVE), await tarOf({ planted: 'unpacked', 'deep/planted': 'unpacked' }))
  await copyFile(path.join(data, ARCHIVE), path.join(directory, 'packed'))
  for (const name of ['.', ARCHIVE, 'dir', 'dir/packed', 'dir/deep', 'dir/file', 'dir/victim', 'dir/deep/file']) {
    await chown(path.join(data, name), uid, gid)
  }
}

/** Takes away what the attempts have left. */
async function tidy({ data, private: own }: Place, subject: Subject): Promise<void> {
  for (const directory of [data, path.join(data, 'real')]) {
    for (const name of await readdir(directory).catch(() => [])) {
      if (/^n\d+$/.test(name)) await rm(path.join(directory, name), { recursive: true, force: true }).catch(ignore)
    }
  }
  // Below the name that is attacked only the subject may go.
  const names = await subject.names('dir').catch(() => [])
  await Promise.all(
    names.filter((name) => /^n\d+$/.test(name)).map((name) => subject.remove(`dir/${name}`).catch(ignore)),
  )
  for (const id of await readdir(path.join(own, 'trash')).catch(() => [])) {
    await rm(path.join(own, 'trash', id), { recursive: true, force: true }).catch(ignore)
  }
}

/** The tenant was faster. */
function ignore(): void {}
