import { randomUUID } from 'node:crypto'
import type { FileTree } from '@hatchery/core/runtime'

/** One durable operation, on a tree that {@link fill} has filled. */
export interface Operation {
  /** What has to have happened before; nothing of it fails. */
  readonly prepare?: (tree: FileTree, ids: Ids) => Promise<unknown>
  readonly run: (tree: FileTree, ids: Ids) => Promise<unknown>
  /** What people do after it has failed. @default the same again */
  readonly retry?: (tree: FileTree, ids: Ids) => Promise<unknown>
  /** Many names are changed one after the other: each is the old one or the new one. @default false */
  readonly isStepwise?: boolean
}

/** Ids that one round uses. */
export interface Ids {
  readonly trash: string
  readonly upload: string
  readonly revision: string
}

export const newIds = (): Ids => ({ trash: randomUUID(), upload: randomUUID(), revision: randomUUID() })

const LARGE = Buffer.alloc(300_000, 'large ')
const NEW = Buffer.alloc(200_000, 'new ')

/** What every round begins with. */
export async function fill(tree: FileTree): Promise<void> {
  await tree.write('file', Buffer.from('old'))
  await tree.write('large', LARGE)
  await tree.write('dir/one', Buffer.from('one'))
  await tree.write('dir/deep/two', LARGE)
  await tree.makeLink('dir/link', 'one')
  // An archive of it is the same bytes each time.
  const at = { accessedAt: 1_600_000_000_000, modifiedAt: 1_600_000_000_000 }
  for (const path of ['file', 'large', 'dir/one', 'dir/deep/two', 'dir/link', 'dir/deep', 'dir']) {
    await tree.setTimes(path, at)
  }
}

async function* pieces(content: Uint8Array, from = 0) {
  for (let at = from; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536)
}

const beginUpload =
  (path: string, options: { mustBeNew?: boolean }) =>
  (tree: FileTree, { upload }: Ids) =>
    tree.uploads.begin({ id: upload, owner: 'me', path, sizeBytes: NEW.length }, options)

async function goOn(tree: FileTree, { upload }: Ids): Promise<void> {
  const { offset } = (await tree.uploads.find(upload))!
  await tree.uploads.append(upload, offset, pieces(NEW, offset))
}

const wholeUpload = (path: string, options: { mustBeNew?: boolean }) => async (tree: FileTree, ids: Ids) => {
  await beginUpload(path, options)(tree, ids)
  await goOn(tree, ids)
}
const finish = (tree: FileTree, { upload }: Ids) => tree.uploads.finish(upload)
const toTrash =
  (path: string) =>
  (tree: FileTree, { trash }: Ids) =>
    tree.trash.put(path, { id: trash, at: 1_700_000_000_000 })
const pack = (format: 'tar.zst' | 'zip') => (tree: FileTree) =>
  tree.pack({ directory: '', names: ['dir', 'file'], to: 'packed', format })
const unpack = (tree: FileTree) => tree.unpack('packed', { to: 'out', replace: true, maxBytes: 10_000_000 })

const AUTHOR = { user: null, name: null, via: 'page' } as const
const keep =
  (path: string) =>
  (tree: FileTree, { revision }: Ids) =>
    tree.history.keep(path, { id: revision, at: 1_700_000_000_000, author: AUTHOR, maxContentBytes: 1_000_000 })

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  // Directories that were made on the way may stay.
  'write, new': { run: (tree) => tree.write('a/b/new', NEW), isStepwise: true },
  'write, over': { run: (tree) => tree.write('file', NEW) },
  'write, must be new': { run: (tree) => tree.write('new', NEW, { mustBeNew: true }) },
  'write, in pieces': { run: (tree) => tree.writeFrom('large', pieces(NEW)) },
  'make directories': { run: (tree) => tree.makeDirectory('a/b/c', { isRecursive: true }), isStepwise: true },
  'make link': { run: (tree) => tree.makeLink('new', 'file') },
  'hard link': { run: (tree) => tree.hardLink('file', 'new') },
  'move, file': { run: (tree) => tree.move('file', 'dir/new') },
  'move, directory': { run: (tree) => tree.move('dir', 'new') },
  'move, replacing': { run: (tree) => tree.move('large', 'dir/one', { replace: true }) },
  'copy, file': { run: (tree) => tree.copy('large', 'new') },
  'copy, directory': { run: (tree) => tree.copy('dir', 'new') },
  remove: { run: (tree) => tree.remove('dir'), isStepwise: true },
  'trash, file': { run: toTrash('file') },
  'trash, directory': { run: toTrash('dir') },
  'restore, file': { prepare: toTrash('file'), run: (tree, { trash }) => tree.trash.restore(trash, null) },
  'restore, directory': {
    prepare: toTrash('dir'),
    run: (tree, { trash }) => tree.trash.restore(trash, 'a/new'),
    isStepwise: true,
  },
  'empty trash': { prepare: toTrash('dir'), run: (tree, { trash }) => tree.trash.remove(trash) },
  'upload, begin': { run: beginUpload('new', { mustBeNew: true }) },
  'upload, append': {
    prepare: beginUpload('new', {}),
    run: (tree, { upload }) => tree.uploads.append(upload, 0, pieces(NEW)),
    retry: goOn,
    isStepwise: true,
  },
  'upload, finish': { prepare: wholeUpload('large', {}), run: finish },
  'upload, finish new': { prepare: wholeUpload('new', { mustBeNew: true }), run: finish },
  'upload, cancel': { prepare: wholeUpload('new', {}), run: (tree, { upload }) => tree.uploads.cancel(upload) },
  'pack, tar.zst': { run: pack('tar.zst') },
  'pack, zip': { run: pack('zip') },
  'unpack, tar.zst': { prepare: pack('tar.zst'), run: unpack, isStepwise: true },
  'unpack, zip': { prepare: pack('zip'), run: unpack, isStepwise: true },
  'history, keep': { run: keep('large') },
  'history, move': { prepare: keep('large'), run: (tree) => tree.history.move('large', 'file') },
  'history, forget': { prepare: keep('large'), run: (tree) => tree.history.forget(null), isStepwise: true },
  'history, prune': {
    prepare: keep('large'),
    run: (tree) => tree.history.prune({ before: 1_800_000_000_000, perFile: 50, bytes: 1_000_000 }),
    isStepwise: true,
  },
}
