import { constants } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { FileEntry, FileUploads, UploadState, WriteOptions } from '@hatchery/core/runtime'
import { guarded, whenGone } from './file-errors.ts'
import { KeyedQueue } from './keyed-queue.ts'
import { below } from './pinned.ts'
import { readRecord, recordIds, removeRecord, writeRecord } from './private-records.ts'
import { openPrivate, type TreeContext } from './tree-context.ts'
import { checkTarget, putInPlace } from './write-file.ts'

const AREA = 'uploads'
/** Everything of one upload, of whatever tree, one after the other. */
const queue = new KeyedQueue()

interface Record extends Pick<UploadState, 'owner' | 'path' | 'sizeBytes'> {
  readonly options: Pick<WriteOptions, 'mustBeNew' | 'mustExist'>
}

export function uploadsOf(ctx: TreeContext): FileUploads {
  const inTurn = <T>(id: string, path: string, work: (directory: FileHandle) => Promise<T>) =>
    guarded(path, () =>
      queue.run(`${ctx.root}\0${id}`, async () => {
        await using directory = await openPrivate(ctx, AREA)
        return await work(directory)
      }),
    )
  return {
    begin: ({ id, ...upload }, options) =>
      inTurn(id, upload.path, async (directory) => {
        const known = await stateOf(directory, id)
        if (known) return known
        await checkTarget(ctx, upload.path, options)
        await createContent(ctx, directory, id)
        await writeRecord(directory, id, { ...upload, options } satisfies Record)
        return (await stateOf(directory, id)) ?? missing(id)
      }),
    find: (id) => inTurn(id, AREA, (directory) => stateOf(directory, id)),
    list: () =>
      guarded(AREA, async () => {
        await using directory = await openPrivate(ctx, AREA)
        const found = await Promise.all((await recordIds(directory)).map((id) => stateOf(directory, id)))
        return found.filter((one) => one !== null)
      }),
    append: (id, offset, source) => inTurn(id, AREA, (directory) => append(directory, id, offset, source)),
    finish: (id) => inTurn(id, AREA, (directory) => finish(ctx, directory, id)),
    cancel: (id) =>
      inTurn(id, AREA, async (directory) => {
        await unlink(contentOf(directory, id)).catch(whenGone)
        await removeRecord(directory, id)
      }),
  }
}

async function createContent(ctx: TreeContext, directory: FileHandle, id: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
  await using file = await open(contentOf(directory, id), flags, 0o600)
  if (ctx.isRoot) await file.chown(ctx.uid, ctx.gid)
}

async function append(
  directory: FileHandle,
  id: string,
  offset: number,
  source: AsyncIterable<Uint8Array>,
): Promise<UploadState> {
  const state = (await stateOf(directory, id)) ?? missing(id)
  if (state.offset !== offset) throw new AppError('UPLOAD_OFFSET', { offset: state.offset })
  await using file = await open(contentOf(directory, id), constants.O_WRONLY | constants.O_NOFOLLOW)
  let end = offset
  try {
    for await (const piece of source) {
      if (end + piece.length > state.sizeBytes) throw new AppError('UPLOAD_TOO_LONG', { sizeBytes: state.sizeBytes })
      await writeAll(file, piece, end)
      end += piece.length
    }
  } finally {
    // The file never claims more than what is whole and on the disk.
    await file.truncate(end)
    await file.sync()
  }
  return (await stateOf(directory, id)) ?? missing(id)
}

async function writeAll(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, offset + at)
    at += bytesWritten
  }
}

async function finish(ctx: TreeContext, directory: FileHandle, id: string): Promise<FileEntry> {
  const state = (await stateOf(directory, id)) ?? missing(id)
  const { offset, sizeBytes, path } = state
  if (offset !== sizeBytes) throw new AppError('UPLOAD_INCOMPLETE', { offset, sizeBytes })
  const record = (await readRecord(directory, id, isRecord)) ?? missing(id)
  const name = Buffer.from(`${id}.part`)
  await using file = await open(below(directory, name), constants.O_RDWR | constants.O_NOFOLLOW)
  const entry = await putInPlace(ctx, path, { directory, name, file }, record.options)
  await removeRecord(directory, id)
  return entry
}

async function stateOf(directory: FileHandle, id: string): Promise<UploadState | null> {
  const record = await readRecord(directory, id, isRecord)
  if (!record) return null
  await using file = await open(contentOf(directory, id), constants.O_RDONLY | constants.O_NOFOLLOW).catch(whenGone)
  if (!file) return null
  const { size, mtimeMs } = await file.stat()
  const { owner, path, sizeBytes } = record
  return { id, owner, path, sizeBytes, offset: size, touchedAt: Math.floor(mtimeMs) }
}

function contentOf(directory: FileHandle, id: string): Buffer {
  return below(directory, Buffer.from(`${id}.part`))
}

function isRecord(value: unknown): value is Record {
  if (typeof value !== 'object' || value === null) return false
  const { owner, path, sizeBytes, options } = value as { readonly [K in keyof Record]?: unknown }
  return (
    typeof owner === 'string' &&
    typeof path === 'string' &&
    typeof sizeBytes === 'number' &&
    typeof options === 'object'
  )
}

function missing(id: string): never {
  throw new AppError('UPLOAD_NOT_FOUND', { id })
}
