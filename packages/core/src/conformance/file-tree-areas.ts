import { randomUUID } from 'node:crypto'
import type { FileTreePromise } from './file-tree.ts'
import { check, checkEqual, checkRejects } from './runner.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (content: Uint8Array) => new TextDecoder().decode(content)

async function* pieces(...texts: readonly string[]) {
  for (const one of texts) yield bytes(one)
}

/** What lies beside the tree: trash and unfinished uploads. */
export function describeFileTreeAreas(promise: FileTreePromise): void {
  promise('keeps what files were, and gives it back', async ({ tree }) => {
    const author = { user: null, name: 'ada', via: 'page' } as const
    const kept: string[] = []
    for (const [index, word] of ['one', 'two'].entries()) {
      await tree.write('a.txt', bytes(word))
      const options = { id: randomUUID(), at: 1000 + index, author, maxContentBytes: 1_000_000 }
      kept.unshift((await tree.history.keep('a.txt', options))?.id ?? 'nothing')
    }
    const listed = (await tree.history.list('a.txt')).map(({ id }) => id)
    checkEqual(listed, kept, 'every save is listed, newest first')
    checkEqual(text(await tree.history.read(kept[1]!)), 'one', 'it is what it was')
    await tree.remove('a.txt')
    checkEqual(
      (await tree.history.listLost()).map(({ path }) => path),
      ['a.txt'],
      'the file is gone, its history is not',
    )
    checkEqual(await tree.history.forget(null), 2, 'all of it is forgotten')
    await checkRejects(tree.history.read(kept[1]!), 'FILE_REVISION_NOT_FOUND', 'what was forgotten is gone')
  })

  promise('takes things into the trash and gives them back', async ({ tree }) => {
    await tree.write('dir/deep/a.txt', bytes('a'))
    await tree.write('b.txt', bytes('b'))
    const [first, second] = [randomUUID(), randomUUID()]
    await tree.trash.put('dir', { id: first, at: 1000 })
    await tree.trash.put('b.txt', { id: second, at: 2000 })
    checkEqual((await tree.list('')).total, 0, 'they are gone from the tree')
    checkEqual(
      (await tree.trash.list()).map(({ id, path, type, deletedAt }) => [id, path, type, deletedAt]),
      [
        [second, 'b.txt', 'file', 2000],
        [first, 'dir', 'directory', 1000],
      ],
      'the newest comes first',
    )
    await tree.write('b.txt', bytes('another'))
    await checkRejects(tree.trash.restore(second, null), 'FILE_EXISTS', 'its name is taken')
    checkEqual(await tree.trash.restore(second, 'new/place/b.txt'), 'new/place/b.txt', 'it goes elsewhere')
    checkEqual(await tree.trash.restore(first, null), 'dir', 'or to where it was')
    checkEqual(text(await tree.read('dir/deep/a.txt')), 'a', 'with all that was in it')
    checkEqual(text(await tree.read('new/place/b.txt')), 'b', 'as it was')
    checkEqual(await tree.trash.list(), [], 'the trash is empty')
    await checkRejects(tree.trash.restore(first, null), 'TRASH_ITEM_NOT_FOUND', 'it comes back once')
    await tree.trash.put('dir', { id: first, at: 3000 })
    await tree.trash.remove(first)
    await tree.trash.remove(first)
    checkEqual(await tree.trash.list(), [], 'it is gone for ever')
    await checkRejects(tree.trash.put('', { id: first, at: 0 }), 'PATH_INVALID', 'the root stays')
    await checkRejects(tree.trash.put('none', { id: first, at: 0 }), 'FILE_NOT_FOUND', 'nothing is there')
    const guarded = tree.protecting(['new/place/'])
    await checkRejects(guarded.trash.put('new', { id: first, at: 0 }), 'FILE_PROTECTED', 'protected files stay')
  })

  promise('takes a file in pieces, and goes on where it stopped', async ({ tree }) => {
    const { uploads } = tree
    const [id, owner] = [randomUUID(), 'somebody']
    const begun = await uploads.begin({ id, owner, path: 'big/file.bin', sizeBytes: 11 }, { mustBeNew: true })
    checkEqual([begun.offset, begun.sizeBytes, begun.owner], [0, 11, owner], 'it begins empty')
    checkEqual((await uploads.append(id, 0, pieces('hello', ' '))).offset, 6, 'pieces are counted')
    await checkRejects(uploads.append(id, 0, pieces('x')), 'UPLOAD_OFFSET', 'it goes on at its end only')
    await checkRejects(uploads.finish(id), 'UPLOAD_INCOMPLETE', 'it is not whole')
    await checkRejects(uploads.append(id, 6, pieces('worlds!')), 'UPLOAD_TOO_LONG', 'it gets no longer')
    async function* failing() {
      yield bytes('wo')
      throw Object.assign(new Error('gone'), { code: 'SOURCE_GONE' })
    }
    await checkRejects(uploads.append(id, 6, failing()), 'SOURCE_GONE', 'the error of the source')
    checkEqual((await uploads.find(id))?.offset, 8, 'what has come is kept')
    const again = await uploads.begin({ id, owner, path: 'big/file.bin', sizeBytes: 11 }, { mustBeNew: true })
    checkEqual(again.offset, 8, 'beginning again answers where it stands')
    check((await tree.stat('big')) === null, 'nothing is to be seen of it')
    await uploads.append(id, 8, pieces('rld'))
    checkEqual((await uploads.finish(id)).sizeBytes, 11, 'it gets its name')
    checkEqual(text(await tree.read('big/file.bin')), 'hello world', 'with every byte')
    checkEqual(await uploads.find(id), null, 'the upload is over')
    await checkRejects(uploads.finish(id), 'UPLOAD_NOT_FOUND', 'it ends once')
    await checkRejects(
      uploads.begin({ id, owner, path: 'big/file.bin', sizeBytes: 1 }, { mustBeNew: true }),
      'FILE_EXISTS',
      'a name that is taken is refused at the beginning',
    )
    await uploads.begin({ id, owner, path: 'other', sizeBytes: 1 }, {})
    checkEqual((await uploads.list()).length, 1, 'it is listed')
    await uploads.cancel(id)
    checkEqual(await uploads.list(), [], 'and can be thrown away')
  })
}
