import { lstatSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { type FileEntry, type FilePage, type ListOptions, nameFromLatin1 } from '@hatchery/core/runtime'
import { entryOf, linkTargetOfSync } from './file-entries.ts'
import { below, itself, type Descriptor } from './pinned.ts'

/** So many names are looked at before others get their turn. */
const BATCH = 256

interface Name {
  readonly latin1: string
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
  directory: Descriptor,
  { sort = 'name', offset = 0, limit = Infinity }: ListOptions,
): Promise<FilePage> {
  const names = await readNames(directory)
  const field = sort.replace('-', '') as 'name' | 'size' | 'modified'
  const direction = sort.startsWith('-') ? -1 : 1
  const values = field === 'name' ? null : await readValues(directory, names, field)
  const valueOf = (name: Name) => values?.get(name) ?? name.key
  const sorted = names.sort((a, b) => compare(a, b, valueOf, direction))
  return { entries: await describe(directory, sorted.slice(offset, offset + limit)), total: names.length }
}

/** What the order goes by; names that are gone are last of all. */
async function readValues(
  directory: Descriptor,
  names: readonly Name[],
  field: 'size' | 'modified',
): Promise<ReadonlyMap<Name, number>> {
  const values = new Map<Name, number>()
  for (const [index, name] of names.entries()) {
    if (index % BATCH === BATCH - 1) await setImmediate()
    const info = lstatSync(below(directory, bytesOf(name)), { throwIfNoEntry: false })
    values.set(name, info ? (field === 'size' ? info.size : info.mtimeMs) : Infinity)
  }
  return values
}

/** Names are taken as Latin-1, one character for each byte: buffers would cost three times as much. */
async function readNames(directory: Descriptor): Promise<Name[]> {
  const found = await readdir(itself(directory), { withFileTypes: true, encoding: 'latin1' })
  return found.map((entry) => {
    const text = nameFromLatin1(entry.name)
    return { latin1: entry.name, text, key: text.toLowerCase(), isDirectory: entry.isDirectory() }
  })
}

async function describe(directory: Descriptor, names: readonly Name[]): Promise<FileEntry[]> {
  const entries: FileEntry[] = []
  for (let at = 0; at < names.length; at += BATCH) {
    if (at > 0) await setImmediate()
    for (const name of names.slice(at, at + BATCH)) {
      const bytes = bytesOf(name)
      const info = lstatSync(below(directory, bytes), { bigint: true, throwIfNoEntry: false })
      if (!info) continue
      entries.push(entryOf(name.text, info, info.isSymbolicLink() ? linkTargetOfSync(directory, bytes) : null))
    }
  }
  return entries
}

function bytesOf({ latin1 }: Name): Buffer {
  return Buffer.from(latin1, 'latin1')
}

function compare(a: Name, b: Name, valueOf: (name: Name) => string | number, direction: number): number {
  if (a.isDirectory !== b.isDirectory) return a.isDirectory ? -1 : 1
  const [left, right] = [valueOf(a), valueOf(b)]
  if (left !== right) return left < right ? -direction : direction
  return a.text < b.text ? -direction : direction
}
