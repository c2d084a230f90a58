import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { AppError } from '@hatchery/core/errors'
import { whenGone } from '../files/file-errors.ts'
import { below, itself } from '../files/pinned.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** A text longer than this is noted, but not kept. */
export const MAX_CONTENT_BYTES = 4 * 1024 * 1024
const CONTENT = /^([0-9a-f]{64})\.zst$/

const nameOf = (sha256: string): Buffer => Buffer.from(`${sha256}.zst`)

export function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/**
 * Keeps a content under its hash, once.
 * @returns bytes it takes; null when that would be more than `maxBytes`, and then nothing is kept
 */
export async function putContent(
  directory: FileHandle,
  sha256: string,
  content: Uint8Array,
  maxBytes: number,
): Promise<number | null> {
  const known = await stat(below(directory, nameOf(sha256))).catch(whenGone)
  if (known) return known.size
  const packed = await compress(content)
  if (packed.length > maxBytes) return null
  const temporary = Buffer.from(`${sha256}.new`)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
  await using file = await open(below(directory, temporary), flags, 0o600)
  try {
    await file.writeFile(packed)
    await file.sync()
    await rename(below(directory, temporary), below(directory, nameOf(sha256)))
    await directory.sync()
  } catch (error) {
    await unlink(below(directory, temporary)).catch(() => undefined) // the first error counts
    throw error
  }
  return packed.length
}

/** @throws AppError `FILE_REVISION_NOT_FOUND` when it is gone or damaged; `id` is what is told */
export async function getContent(directory: FileHandle, sha256: string, id: string): Promise<Uint8Array> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW
  await using file = await open(below(directory, nameOf(sha256)), flags).catch(whenGone)
  if (!file) throw new AppError('FILE_REVISION_NOT_FOUND', { id })
  const packed = await file.readFile()
  const content = await decompress(packed, { maxOutputLength: MAX_CONTENT_BYTES }).catch((cause: unknown) => {
    throw new AppError('FILE_REVISION_NOT_FOUND', { id }, { cause })
  })
  if (hashOf(content) !== sha256) throw new AppError('FILE_REVISION_NOT_FOUND', { id })
  return content
}

/** Removes contents that nobody names any more, and what a crash has left of others. @returns bytes */
export async function sweepContents(directory: FileHandle, named: ReadonlySet<string>): Promise<number> {
  let freed = 0
  for (const name of await readdir(itself(directory))) {
    const sha256 = CONTENT.exec(name)?.[1]
    const isLeft = name.endsWith('.new') || (sha256 !== undefined && !named.has(sha256))
    if (!isLeft) continue
    const info = await stat(below(directory, Buffer.from(name))).catch(whenGone)
    await unlink(below(directory, Buffer.from(name))).catch(whenGone)
    freed += info?.size ?? 0
  }
  return freed
}
