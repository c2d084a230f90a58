import { createHash } from 'node:crypto'
import { lstat, readFile, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import type { FileTree } from '@hatchery/core/runtime'

/** What a person sees of a server: every name with its content, what lies in the trash, how far uploads are. */
export type Picture = ReadonlyMap<string, string>

/** Times and modes are left out. */
export async function pictureOf(tree: FileTree, data: string): Promise<Picture> {
  const found = new Map<string, string>()
  await addTree(found, data, '')
  for (const { path: from, type } of await tree.trash.list()) found.set(`trash: ${from}`, type)
  for (const { path: to, offset, sizeBytes } of await tree.uploads.list()) {
    found.set(`upload: ${to}`, offset === sizeBytes ? 'complete' : 'begun')
  }
  for (const name of ['file', 'large']) {
    for (const { id, sizeBytes } of await tree.history.list(name)) {
      // A revision is there with its content, or it is not there.
      const content = await tree.history.read(id).catch(() => Buffer.from('without its content'))
      found.set(`history of ${name}`, `${sizeBytes} ${sumOf(Buffer.from(content))}`)
    }
  }
  return found
}

async function addTree(found: Map<string, string>, data: string, inner: string): Promise<void> {
  for (const name of (await readdir(path.join(data, inner))).toSorted()) {
    const [place, file] = [path.join(inner, name), path.join(data, inner, name)]
    const info = await lstat(file)
    if (info.isDirectory()) {
      found.set(place, 'directory')
      await addTree(found, data, place)
    } else if (info.isSymbolicLink()) found.set(place, `link to ${await readlink(file)}`)
    else found.set(place, sumOf(await readFile(file)))
  }
}

const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

/** What is compressed may come out in other pieces each time. */
function sumOf(content: Buffer): string {
  const sum = createHash('sha256')
  if (!content.subarray(0, ZSTD.length).equals(ZSTD)) return sum.update(content).digest('hex')
  try {
    return sum.update(zstdDecompressSync(content)).digest('hex')
  } catch {
    return 'a broken archive'
  }
}

export function isSame(a: Picture, b: Picture): boolean {
  return a.size === b.size && [...a].every(([name, what]) => b.get(name) === what)
}

/** Whether everything there is wholly the old or wholly the new one, and nothing is gone that both have. */
export function isBetween(now: Picture, before: Picture, after: Picture): boolean {
  for (const [name, what] of now) if (before.get(name) !== what && after.get(name) !== what) return false
  for (const name of before.keys()) if (after.has(name) && !now.has(name)) return false
  return true
}

/** The names that differ, for a person. */
export function difference(now: Picture, wanted: Picture): string {
  const names = new Set([...now.keys(), ...wanted.keys()])
  return [...names]
    .filter((name) => now.get(name) !== wanted.get(name))
    .map((name) => `${name}: ${now.get(name)?.slice(0, 12) ?? 'not there'}`)
    .join('; ')
}
