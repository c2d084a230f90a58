import { constants } from 'node:fs'
import { open, readFile, readdir, rename, unlink, type FileHandle } from 'node:fs/promises'
import { whenGone } from './file-errors.ts'
import { below, itself } from './pinned.ts'

const RECORD = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json$/
const MAX_RECORD_BYTES = 64 * 1024

/** Writes what is known of a private file beside it; it is on the disk when this settles. */
export async function writeRecord(directory: FileHandle, id: string, record: object): Promise<void> {
  const [name, temporary] = [Buffer.from(`${id}.json`), Buffer.from(`${id}.json.new`)]
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
  await using file = await open(below(directory, temporary), flags, 0o600)
  await file.writeFile(JSON.stringify(record))
  await file.sync()
  await rename(below(directory, temporary), below(directory, name))
  await directory.sync()
}

/** What {@link writeRecord} wrote; null when there is nothing, or nothing of that form. */
export async function readRecord<T>(
  directory: FileHandle,
  id: string,
  isRecord: (value: unknown) => value is T,
): Promise<T | null> {
  const text = await readFile(below(directory, Buffer.from(`${id}.json`)), 'utf8').catch(whenGone)
  if (text === null || text.length > MAX_RECORD_BYTES) return null
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    // Not ours: as if it were not there.
    return null
  }
}

export async function recordIds(directory: FileHandle): Promise<string[]> {
  const names = await readdir(itself(directory))
  return names.flatMap((name) => RECORD.exec(name)?.[1] ?? [])
}

export async function removeRecord(directory: FileHandle, id: string): Promise<void> {
  await unlink(below(directory, Buffer.from(`${id}.json`))).catch(whenGone)
}
