import { constants } from 'node:fs'
import { open, rename, type FileHandle } from 'node:fs/promises'
import type { FileRevision } from '@hatchery/core/runtime'
import { whenGone } from '../files/file-errors.ts'
import { below } from '../files/pinned.ts'

/** A revision as it is written down. */
export interface StoredRevision extends FileRevision {
  /** What its content takes, compressed; 0 without content. */
  readonly storedBytes: number
  /** The file's own number when it was kept: the same number needs no second look. */
  readonly fileRevision: number
}

const NAME = Buffer.from('index.jsonl')
const TEMPORARY = Buffer.from('index.jsonl.new')
/** More of them than are ever kept; what is longer is none of ours. */
const MAX_INDEX_BYTES = 32 * 1024 * 1024
const NEWLINE = 0x0a

/** Every revision, in the order in which they were kept; one line each. A line that a crash has torn is none. */
export async function readIndex(directory: FileHandle): Promise<StoredRevision[]> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW
  await using file = await open(below(directory, NAME), flags).catch(whenGone)
  if (!file || (await file.stat()).size > MAX_INDEX_BYTES) return []
  return (await file.readFile('utf8')).split('\n').flatMap(parseLine)
}

/** Adds one; it is on the disk when this settles. */
export async function appendToIndex(directory: FileHandle, revision: StoredRevision): Promise<void> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
  await using file = await open(below(directory, NAME), flags, 0o600)
  const { size } = await file.stat()
  const last = Buffer.alloc(1)
  if (size > 0) await file.read(last, 0, 1, size - 1)
  // After a torn line begins a new one.
  const separator = size > 0 && last[0] !== NEWLINE ? '\n' : ''
  const line = Buffer.from(`${separator}${JSON.stringify(revision)}\n`)
  try {
    for (let at = 0; at < line.length;) at += (await file.write(line, at, line.length - at, size + at)).bytesWritten
    await file.sync()
  } catch (error) {
    // Half a line would be none, but nobody needs it.
    await file.truncate(size).catch(() => undefined)
    throw error
  }
  if (size === 0) await directory.sync()
}

/** Replaces all of it in one step. */
export async function replaceIndex(directory: FileHandle, revisions: readonly StoredRevision[]): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
  await using file = await open(below(directory, TEMPORARY), flags, 0o600)
  await file.writeFile(revisions.map((revision) => `${JSON.stringify(revision)}\n`).join(''))
  await file.sync()
  await rename(below(directory, TEMPORARY), below(directory, NAME))
  await directory.sync()
}

function parseLine(line: string): StoredRevision[] {
  if (line === '') return []
  try {
    const value: unknown = JSON.parse(line)
    return isStored(value) ? [value] : []
  } catch {
    // Torn by a crash.
    return []
  }
}

const HASH = /^[0-9a-f]{64}$/

function isStored(value: unknown): value is StoredRevision {
  if (typeof value !== 'object' || value === null) return false
  const one = value as { readonly [K in keyof StoredRevision]?: unknown }
  return (
    typeof one.id === 'string' &&
    typeof one.path === 'string' &&
    typeof one.via === 'string' &&
    [one.at, one.sizeBytes, one.storedBytes, one.fileRevision].every((each) => typeof each === 'number') &&
    [one.user, one.name].every((each) => each === null || typeof each === 'string') &&
    (one.sha256 === null || (typeof one.sha256 === 'string' && HASH.test(one.sha256)))
  )
}
