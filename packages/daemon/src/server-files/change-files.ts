import { randomUUID } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import type { FileFailures } from '@hatchery/core/api'
import type { AgentParams } from '@hatchery/core/protocol'
import type { FileEntry, WorkOptions } from '@hatchery/core/runtime'
import { toErrorBody } from '../servers/error-body.ts'
import type { OpenServer } from './server-files.ts'

/** Makes an empty file, a directory or a link where nothing is. */
export async function createEntry(
  { tree, quota }: OpenServer,
  { path, type, target }: Pick<AgentParams<'files.create'>, 'path' | 'type' | 'target'>,
): Promise<FileEntry> {
  if (type === 'file') return tree.write(path, new Uint8Array(), { mustBeNew: true })
  await quota.require(0)
  if (type === 'directory') await tree.makeDirectory(path)
  else if (target === null) throw new AppError('VALIDATION_FAILED', { fields: 'target' })
  else await tree.makeLink(path, target)
  return (await tree.stat(path)) ?? gone(path)
}

export async function copyEntry({ tree, quota }: OpenServer, from: string, to: string, work: WorkOptions) {
  const source = (await tree.stat(from)) ?? gone(from)
  const { diskBytes } = source.type === 'directory' ? await tree.diskUse(from, { signal: work.signal }) : source
  await quota.require(diskBytes)
  await tree.copy(from, to, work)
  quota.forget()
}

/** Packs into an archive that is no larger than what the server has room for. */
export async function packEntries(
  { tree, quota }: OpenServer,
  options: Pick<AgentParams<'files.pack'>, 'directory' | 'names' | 'to' | 'format'>,
  work: WorkOptions,
): Promise<void> {
  await tree.pack({ ...options, ...work, maxBytes: await quota.room() })
  quota.forget()
}

/** Unpacks what the server has room for. */
export async function unpackEntry(
  { tree, quota }: OpenServer,
  { path, to, replace, members }: Pick<AgentParams<'files.unpack'>, 'path' | 'to' | 'replace' | 'members'>,
  work: WorkOptions,
): Promise<void> {
  await tree.unpack(path, { ...work, to, replace, members, maxBytes: await quota.room() })
  quota.forget()
}

export function moveEntries(
  { tree }: OpenServer,
  { moves, replace }: Pick<AgentParams<'files.move'>, 'moves' | 'replace'>,
): Promise<FileFailures> {
  return forEach(
    moves,
    ({ from }) => from,
    async ({ from, to }) => {
      await tree.move(from, to, { replace })
      // What it was goes with it; a move that is done is not undone for that.
      await tree.history.move(from, to).catch(() => undefined)
    },
  )
}

export async function deleteEntries(
  { tree, quota, now }: OpenServer,
  { paths, isPermanent }: Pick<AgentParams<'files.delete'>, 'paths' | 'isPermanent'>,
  signal: AbortSignal,
): Promise<FileFailures> {
  const done = await forEach(
    paths,
    (path) => path,
    async (path) => {
      if (!isPermanent) return tree.trash.put(path, { id: randomUUID(), at: now() })
      if ((await tree.stat(path)) === null) gone(path)
      await tree.remove(path, { signal })
    },
  )
  quota.forget()
  return done
}

export function changeModes(
  { tree }: OpenServer,
  { changes }: Pick<AgentParams<'files.chmod'>, 'changes'>,
  signal: AbortSignal,
): Promise<FileFailures> {
  return forEach(
    changes,
    ({ path }) => path,
    ({ path, mode, isRecursive = false, directoryMode }) =>
      tree.chmod(path, { mode, isRecursive, directoryMode, signal }),
  )
}

/**
 * Does the same to each, one after the other, and says what could not be done. A single one that fails is the failure of the
 * call.
 */
export async function forEach<T>(
  items: readonly T[],
  pathOf: (item: T) => string,
  work: (item: T) => Promise<unknown>,
): Promise<FileFailures> {
  const failures: FileFailures['failures'] = []
  for (const item of items) {
    try {
      await work(item)
    } catch (error) {
      if (items.length === 1 || !(error instanceof AppError)) throw error
      const { code, message } = toErrorBody(error)
      failures.push({ path: pathOf(item), error: { code, message } })
    }
  }
  return { done: items.length - failures.length, failures }
}

function gone(path: string): never {
  throw new AppError('FILE_NOT_FOUND', { path })
}
