import { lstatSync, type Dirent } from 'node:fs'
import { readdir, type FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import type { FileEntry, FilePage, ListOptions } from '@hatchery/core/runtime'
import { entryOf, linkTargetOfSync } from './file-entries.ts'
import { nameFromBytes } from './file-names.ts'
import { below, itself } from './open-beneath.ts'

/** So many names are looked at before others get their turn. */
const BATCH = 256

interface Name {
  readonly bytes: Buffer
  readonly text: string
  /** What the order goes by; of names the text without regard to case. */
  readonly key: string
  readonly isDirectory: boolean
}

/**
 * One page of an open directory. Sorted by name, only what is on the page is looked at, so that a directory of any size
 * costs little more than its names.
 */
export async function listDirectory(
  directory: FileHandle,
  { sort = 'name', offset = 0, limit = Infinity }: ListOptions,
): Promise<FilePage> {
  const names = await readNames(directory)
  const field = sort.replace('-', '') as 'name' | 'size' | 'modified'
  const direction = sort.startsWith('-') ? -1 : 1
  if (field === 'name') {
    const sorted = names.sort((a, b) => compareNames(a, b, direction))
    const entries = await describe(directory, sorted.slice(offset, offset + limit))
    return { entries, total: names.length }
  }
  const entries = await describe(directory, names)
  const sorted = entries.sort((a, b) => compareEntries(a, b, field, direction))
  return { entries: sorted.slice(offset, offset + limit), total: entries.length }
}

async function readNames(directory: FileHandle): Promise<Name[]> {
  // The types of Node do not know that names come as bytes here.
  const found = (await readdir(itself(directory), {
    withFileTypes: true,
    encoding: 'buffer',
  })) as unknown as Dirent<Buffer>[]
  return found.map((entry) => {
    const text = nameFromBytes(entry.name)
    return { bytes: entry.name, text, key: text.toLowerCase(), isDirectory: entry.isDirectory() }
  })
}

async function describe(directory: FileHandle, names: readonly Name[]): Promise<FileEntry[]> {
  const entries: FileEntry[] = []
  for (let at = 0; at < names.length; at += BATCH) {
    if (at > 0) await setImmediate()
    for (const { bytes, text } of names.slice(at, at + BATCH)) {
      const info = lstatSync(below(directory, bytes), { bigint: true, throwIfNoEntry: false })
      if (!info) continue
      entries.push(entryOf(text, info, info.isSymbolicLink() ? linkTargetOfSync(directory, bytes) : null))
    }
  }
  return entries
}

function compareNames(a: Name, b: Name, direction: number): number {
  if (a.isDirectory !== b.isDirectory) return a.isDirectory ? -1 : 1
  if (a.key !== b.key) return a.key < b.key ? -direction : direction
  return a.text < b.text ? -direction : direction
}

function compareEntries(a: FileEntry, b: FileEntry, field: 'size' | 'modified', direction: number): number {
  const isDirectory = a.type === 'directory'
  if (isDirectory !== (b.type === 'directory')) return isDirectory ? -1 : 1
  const difference = field === 'size' ? a.sizeBytes - b.sizeBytes : a.modifiedAt - b.modifiedAt
  return (difference || (a.name < b.name ? -1 : 1)) * direction
}
