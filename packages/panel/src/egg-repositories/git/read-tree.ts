import { PackError, PackTooLargeError } from './pack-error.ts'
import type { GitObjects } from './read-pack.ts'

export interface GitCommit {
  readonly tree: string
  /** When it was committed, milliseconds. */
  readonly at: number
  /** First line of its message. */
  readonly title: string
}

export interface GitFile {
  /** Below the folder's parent, the repository's root: `games/paper/egg.json`. */
  readonly path: string
  /** Null where the file is too large to be read. */
  readonly data: Buffer | null
}

/** The same tree may stand in many places, and those in many others: what is counted is what is looked at. */
const MAX_ENTRIES = 50_000
const MAX_DEPTH = 40
const MAX_PATH = 1000
const HASH_BYTES = 20

/** @throws PackError */
export function readCommit(objects: GitObjects, id: string): GitCommit {
  const object = objects.get(id)
  // A branch may be a tag's name for a commit nowhere but in odd repositories; those are not followed.
  if (object?.type !== 'commit') throw new PackError('the branch leads to no commit')
  const text = object.data.toString('utf8')
  const [header = '', ...message] = text.split('\n\n')
  const tree = /^tree ([0-9a-f]{40})$/m.exec(header)?.[1]
  if (tree === undefined) throw new PackError('the commit has no tree')
  const seconds = Number(/^committer .* (\d{1,12}) [+-]\d{4}$/m.exec(header)?.[1] ?? 0)
  const title = (message.join('\n\n').split('\n')[0] ?? '').replaceAll('\0', '').slice(0, 500)
  return { tree, at: seconds * 1000, title }
}

/**
 * The plain files below a folder, sorted by path. Links and submodules are none, and neither is what has a name that no
 * file should have; nothing is ever written under such a name anyway.
 * @throws PackError, PackTooLargeError
 */
export function listFiles(
  objects: GitObjects,
  tree: string,
  folder: string,
  isWanted: (path: string) => boolean,
): readonly GitFile[] {
  const files: GitFile[] = []
  let count = 0
  const known = new Map<string, readonly TreeEntry[]>()
  const entriesOf = (id: string): readonly TreeEntry[] => {
    const object = objects.get(id)
    const entries = known.get(id) ?? (object?.type === 'tree' ? readEntries(object.data) : [])
    known.set(id, entries)
    return entries
  }
  const walk = (id: string, parent: string, depth: number): void => {
    if (depth > MAX_DEPTH) return
    for (const { isTree, isFile, name, child } of entriesOf(id)) {
      if (++count > MAX_ENTRIES) throw new PackTooLargeError(`it has more than ${MAX_ENTRIES} files`)
      const path = parent === '' ? name : `${parent}/${name}`
      if (!isSafeName(name) || path.length > MAX_PATH) continue
      if (isTree) walk(child, path, depth + 1)
      else if (isFile && isWanted(path)) {
        const blob = objects.get(child)
        files.push({ path, data: blob?.type === 'blob' ? blob.data : null })
      }
    }
  }
  const root = folder === '' ? tree : findFolder(objects, tree, folder.split('/'))
  if (root !== null) walk(root, folder, 0)
  return files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

function findFolder(objects: GitObjects, tree: string, names: readonly string[]): string | null {
  let id = tree
  for (const name of names) {
    const object = objects.get(id)
    const entry =
      object?.type === 'tree' && readEntries(object.data).find((child) => child.isTree && child.name === name)
    if (!entry) return null
    id = entry.child
  }
  return id
}

interface TreeEntry {
  readonly isTree: boolean
  readonly isFile: boolean
  readonly name: string
  readonly child: string
}

function readEntries(data: Buffer): readonly TreeEntry[] {
  const entries: TreeEntry[] = []
  for (let offset = 0; offset < data.length;) {
    const space = data.indexOf(32, offset)
    const end = data.indexOf(0, space)
    if (space < 0 || end < 0 || end + 1 + HASH_BYTES > data.length) throw new PackError('a folder is broken')
    const mode = Number.parseInt(data.toString('latin1', offset, space), 8) & 0o170000
    entries.push({
      isTree: mode === 0o040000,
      isFile: mode === 0o100000,
      name: data.toString('utf8', space + 1, end),
      child: data.toString('hex', end + 1, end + 1 + HASH_BYTES),
    })
    offset = end + 1 + HASH_BYTES
  }
  return entries
}

// A replacement character stands where a name is no UTF-8.
// oxlint-disable-next-line no-control-regex -- names with them are what is looked for
const ODD = /[\u0000-\u001f\u007f/\\\ufffd]/
const isSafeName = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && name.toLowerCase() !== '.git' && !ODD.test(name)
