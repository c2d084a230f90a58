import { randomBytes } from 'node:crypto'
import type { RenamePlan } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { checkRenames, type Rename, type RenameProblem } from '@hatchery/core/renames'
import type { FileTree } from '@hatchery/core/runtime'
import type { OpenServer } from './server-files.ts'

type Planned = RenamePlan['renames'][number]
type Problem = RenameProblem | 'missing' | 'protected' | null

/** Names are looked up this many at a time. */
const LOOKUPS = 16

/** What stands in the way of each rename, as the directory is now. */
export async function previewRenames(
  { tree }: Pick<OpenServer, 'tree'>,
  directory: string,
  renames: readonly Rename[],
): Promise<Planned[]> {
  const names = [...new Set(renames.flatMap(({ from, to }) => [from, to]).filter(isSimple))]
  const states = await statesOf(tree, directory, names)
  const taken = new Set(names.filter((name) => states.get(name) !== 'free'))
  const problems: readonly Problem[] = checkRenames(renames, taken)
  return renames.map(({ from, to }, index) => {
    const isNothing = !isSimple(from) || states.get(from) === 'free'
    const isProtected = states.get(from) === 'protected' || (from !== to && states.get(to) === 'protected')
    const problem = isNothing ? 'missing' : isProtected ? 'protected' : (problems[index] ?? null)
    return { from, to, problem }
  })
}

/**
 * Gives all of the names, or none: what was done is undone when something fails. Names that are handed round go through
 * temporary ones; another file that takes one of the names meanwhile is not replaced.
 * @throws AppError `RENAME_CONFLICT`, and what moving throws
 */
export async function renameEntries(
  open: Pick<OpenServer, 'tree'>,
  directory: string,
  renames: readonly Rename[],
): Promise<Planned[]> {
  const planned = await previewRenames(open, directory, renames)
  const bad = planned.filter(({ problem }) => problem !== null)
  const [first] = bad
  if (first) throw new AppError('RENAME_CONFLICT', { count: bad.length, path: first.to.slice(0, 200) })

  const path = (name: string) => (directory === '' ? name : `${directory}/${name}`)
  const done: Rename[] = []
  try {
    for (const { from, to } of stepsOf(renames)) {
      await open.tree.move(path(from), path(to))
      done.push({ from, to })
    }
  } catch (error) {
    await undo(open.tree, done.toReversed(), path, error)
    throw error
  }
  return planned
}

/** Backwards, as far as it goes: the first error is what the caller hears, with what could not be undone as its cause. */
async function undo(
  tree: FileTree,
  done: readonly Rename[],
  path: (name: string) => string,
  error: unknown,
): Promise<void> {
  const lost: unknown[] = []
  for (const { from, to } of done) await tree.move(path(to), path(from)).catch((reason: unknown) => lost.push(reason))
  if (lost.length === 0) return
  const reason = `${lost.length} of the files that were renamed before the failure keep their new names`
  throw new AppError('FILES_UNAVAILABLE', { reason }, { cause: new AggregateError([error, ...lost]) })
}

/**
 * Single moves, in an order in which every name is free when it is needed. Of a round, one file waits under a name of its own.
 */
export function stepsOf(renames: readonly Rename[]): Rename[] {
  const open = new Map(renames.filter(({ from, to }) => from !== to).map(({ from, to }) => [from, to]))
  const steps: Rename[] = []
  const wait: Rename[] = []
  for (const [begin] of [...open]) {
    // Follow who stands on the wanted name, to the end of the row or back to the beginning.
    const row: string[] = []
    for (let name = begin; open.has(name) && !row.includes(name); name = open.get(name)!) row.push(name)
    const last = row.at(-1)
    if (last === undefined) continue
    const isRound = open.get(last) === begin
    if (isRound) {
      const temporary = `.renaming-${randomBytes(9).toString('hex')}`
      steps.push({ from: last, to: temporary })
      wait.push({ from: temporary, to: begin })
      open.delete(last)
      row.pop()
    }
    for (const from of row.toReversed()) {
      steps.push({ from, to: open.get(from)! })
      open.delete(from)
    }
    steps.push(...wait.splice(0))
  }
  return steps
}

async function statesOf(
  tree: FileTree,
  directory: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, 'free' | 'there' | 'protected'>> {
  const states = new Map<string, 'free' | 'there' | 'protected'>()
  const left = names.values()
  const look = async () => {
    for (const name of left) {
      try {
        const entry = await tree.stat(directory === '' ? name : `${directory}/${name}`)
        states.set(name, entry ? 'there' : 'free')
      } catch (error) {
        if (!(error instanceof AppError && (error.code === 'FILE_PROTECTED' || error.code === 'PATH_INVALID')))
          throw error
        states.set(name, error.code === 'FILE_PROTECTED' ? 'protected' : 'free')
      }
    }
  }
  await Promise.all(Array.from({ length: LOOKUPS }, look))
  return states
}

function isSimple(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)
}
