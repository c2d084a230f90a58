// Lets every call of the file system fail in turn, in every durable operation on a server's files, and looks at what is left.
//   node prove/file-faults/sweep.ts [--full | --control]
// Prints one line of JSON: how many faults were injected, and what was wrong.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { AppError } from '@hatchery/core/errors'
import type { FileTree } from '@hatchery/core/runtime'
import { createLocalFileTree } from '../../packages/daemon/src/files/index.ts'
import { FAULTS, FaultInjector, type Fault } from './inject.ts'
import { OPERATIONS, fill, newIds, type Operation } from './operations.ts'
import { difference, isBetween, isSame, pictureOf, type Picture } from './picture.ts'

/** An operation that takes longer than this hangs. */
const STUCK_MS = 20_000
/** In the quick form, of the calls after the first ones every so many is left out. */
const QUICK_STEP = 3
const FIRST = 24
const MAX_CALLS = 2000
/** Calls after which content is on the disk, or is not. */
const CONTENT_CALLS = ['handle.write', 'handle.writeFile', 'handle.sync']
/** Of the history's revisions; contents lie beside it under their hashes. */
const INDEX = 'index.jsonl'
const SHA256_LENGTH = 64
const STUCK = Symbol('stuck')

const isFull = process.argv.includes('--full')
/** Of a negative control: enough to notice it. */
const isControl = process.argv.includes('--control')
const CONTROL_OPERATIONS = ['write, over', 'move, file', 'copy, file']
const injector = await FaultInjector.install()
const home = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hatchery-prove-faults-'))
const counts = { injected: 0, refused: 0, absorbed: 0 }
const wrong: string[] = []
try {
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    if (isControl && !CONTROL_OPERATIONS.includes(name)) continue
    const { before, after } = await withoutFault(operation)
    for (const fault of FAULTS) {
      for (const isLasting of [false, true]) {
        // A table of open files that is full is full for a moment.
        if (isLasting && fault === 'EMFILE') continue
        for (let nth = 1; nth < MAX_CALLS; nth += nth < FIRST || isFull ? 1 : QUICK_STEP) {
          const label = `${name}, ${fault}${isLasting ? ' from then on' : ''} at call ${nth}`
          if (!(await tryOut({ label, operation, fault, nth, isLasting, before, after }))) break
        }
      }
    }
  }
} finally {
  await rm(home, { recursive: true, force: true })
}
console.log(JSON.stringify({ operations: Object.keys(OPERATIONS).length, ...counts, wrong }))
process.exit(0)

interface Round {
  readonly label: string
  readonly operation: Operation
  readonly fault: Fault
  readonly nth: number
  readonly isLasting: boolean
  readonly before: Picture
  readonly after: Picture
}

interface Stage extends AsyncDisposable {
  readonly tree: FileTree
  readonly data: string
  readonly private: string
}

async function stageOf(): Promise<Stage> {
  const place = await mkdtemp(path.join(home, 'server-'))
  const [data, own] = [path.join(place, 'data'), path.join(place, 'private')]
  await mkdir(data)
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const tree = createLocalFileTree({ server: 'prove', root: data, privateRoot: own, ...owner })
  await fill(tree)
  return { tree, data, private: own, [Symbol.asyncDispose]: () => rm(place, { recursive: true, force: true }) }
}

async function withoutFault({ prepare, run }: Operation) {
  await using stage = await stageOf()
  const ids = newIds()
  await prepare?.(stage.tree, ids)
  const before = await pictureOf(stage.tree, stage.data)
  await run(stage.tree, ids)
  return { before, after: await pictureOf(stage.tree, stage.data) }
}

/** @returns whether the fault was met: the operation still makes that many calls */
async function tryOut({ label, operation, fault, nth, isLasting, before, after }: Round): Promise<boolean> {
  await using stage = await stageOf()
  const { tree, data } = stage
  const ids = newIds()
  await operation.prepare?.(tree, ids)
  const descriptors = await openDescriptors()

  injector.arm(fault, nth, isLasting)
  const failure = await inTime(operation.run(tree, ids))
  const met = injector.disarm()
  if (met === null) return false

  counts.injected += 1
  const complain = (text: string) => void wrong.push(`${label} (${met}): ${text}`)
  if (failure === STUCK) {
    complain('it hangs')
    return true
  }
  if (failure === null) counts.absorbed += 1
  else counts.refused += 1
  if (failure === null && CONTENT_CALLS.includes(met)) complain('nobody is told that the disk did not take it')
  if (failure !== null && !hasCode(failure)) complain(`an error without a code: ${String(failure)}`)

  const now = await pictureOf(tree, data)
  const mayBeBetween = operation.isStepwise === true || isLasting
  const isWhole = mayBeBetween ? isBetween(now, before, after) : isSame(now, before) || isSame(now, after)
  if (failure === null && !isSame(now, after)) complain(`it said that it was done: ${difference(now, after)}`)
  else if (!isWhole) complain(`half of it is there: ${difference(now, before)}`)
  const left = (await openDescriptors()) - descriptors
  if (left > 0) complain(`${left} files stay open`)
  await goOn(stage, operation, ids, { now, before, after, isLasting }, complain)
  return true
}

/** The disk works again: so does everything else, and nothing lies about. */
async function goOn(
  { tree, data, private: own }: Stage,
  { run, retry = run, isStepwise = false }: Operation,
  ids: ReturnType<typeof newIds>,
  { now, before, after, isLasting }: Pick<Round, 'before' | 'after' | 'isLasting'> & { readonly now: Picture },
  complain: (text: string) => void,
): Promise<void> {
  // Where it had not begun, or can be gone on with, the same again has to do it.
  if (!isSame(now, after) && (isSame(now, before) || (isStepwise && !isLasting))) {
    const again = await inTime(retry(tree, ids))
    const then = await pictureOf(tree, data)
    if (again !== null) complain(`the same again fails: ${String(again)}`)
    else if (!isSame(then, after)) complain(`the same again does something else: ${difference(then, after)}`)
  }
  const next = await inTime(tree.write('file', Buffer.from('next')))
  if (next !== null) complain(`the next write fails: ${String(next)}`)
  await tree.tidy(Date.now() + 60_000)
  await tree.history.prune({ before: 0, perFile: 50, bytes: 1_000_000 })
  const leftovers = await leftoversOf(own)
  if (leftovers.length > 0) complain(`left beside the tree: ${leftovers.join(', ')}`)
}

/** @returns what the work failed with, or null */
async function inTime(work: Promise<unknown>): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const timer = setTimeout(() => resolve(STUCK), STUCK_MS)
  try {
    return await Promise.race([promise, work.then(() => null).catch((error: unknown) => error ?? 'nothing')])
  } finally {
    clearTimeout(timer)
  }
}

function hasCode(error: unknown): boolean {
  return error instanceof AppError && error.code !== 'INTERNAL'
}

async function openDescriptors(): Promise<number> {
  return (await readdir('/proc/self/fd')).length
}

/** What belongs to nothing that anybody can see. */
async function leftoversOf(own: string): Promise<string[]> {
  const found: string[] = []
  for (const area of await readdir(own)) {
    if (area === 'history') {
      found.push(...(await contentsOfNothing(path.join(own, area))))
      continue
    }
    const names = await readdir(path.join(own, area))
    const pairs = area === 'trash' ? '' : '.part'
    for (const name of names) {
      const id = name.replace(/\.(json|part)$/, '')
      const isPair =
        area === 'trash' || area === 'uploads' ? names.includes(`${id}.json`) && names.includes(`${id}${pairs}`) : false
      if (!isPair) found.push(`${area}/${name.slice(0, 60)}`)
    }
  }
  return found
}

/** What lies in the history and is named by no revision. */
async function contentsOfNothing(directory: string): Promise<string[]> {
  const names = await readdir(directory)
  const index = names.includes(INDEX) ? await readFile(path.join(directory, INDEX), 'utf8') : ''
  return names.filter((name) => name !== INDEX && !index.includes(name.slice(0, SHA256_LENGTH)))
}
