import type { FileTree } from '../runtime/index.ts'
import type { FileTreePromise } from './file-tree.ts'
import { check, checkEqual, checkRejects } from './runner.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (content: Uint8Array) => new TextDecoder().decode(content)
const names = async (tree: FileTree, path: string) => (await tree.list(path)).entries.map(({ name }) => name)

/** What changes names, contents and attributes. */
export function describeFileTreeChanges(promise: FileTreePromise): void {
  promise('writes only over the revision that the caller has seen', async ({ tree }) => {
    const first = await tree.write('a.txt', bytes('one'))
    checkEqual((await tree.stat('a.txt'))?.revision, first.revision, 'writing answers the revision')
    const second = await tree.write('a.txt', bytes('two'), { ifRevision: first.revision })
    check(second.revision !== first.revision, 'another content is another revision')
    await checkRejects(
      tree.write('a.txt', bytes('x'), { ifRevision: first.revision }),
      'REVISION_MISMATCH',
      'an old one',
    )
    await checkRejects(tree.write('b.txt', bytes('x'), { ifRevision: 1 }), 'REVISION_MISMATCH', 'a missing file')
    await checkRejects(tree.write('a.txt', bytes('x'), { mustBeNew: true }), 'FILE_EXISTS', 'a name that is taken')
    await tree.write('new/c.txt', bytes('new'), { mustBeNew: true })
    checkEqual(text(await tree.read('a.txt')), 'two', 'what was refused changed nothing')
    checkEqual(text(await tree.read('new/c.txt')), 'new', 'a new file is written')
  })

  promise('lets one of many writers of the same revision win', async ({ tree }) => {
    const { revision } = await tree.write('a.txt', bytes('start'))
    const tries = Array.from({ length: 8 }, (_, index) =>
      tree.write('a.txt', bytes(`writer ${index}`), { ifRevision: revision }).then(
        () => `writer ${index}`,
        () => null,
      ),
    )
    const won = (await Promise.all(tries)).filter((one) => one !== null)
    checkEqual(won.length, 1, 'one writer wins')
    checkEqual(text(await tree.read('a.txt')), won[0], 'and its content is there')
    const fresh = Array.from({ length: 8 }, () =>
      tree.write('fresh.txt', bytes('x'), { mustBeNew: true }).then(
        () => 1,
        () => 0,
      ),
    )
    checkEqual((await Promise.all(fresh)).filter(Boolean).length, 1, 'one of many makes a new file')
  })

  promise('takes content in pieces, and nothing of a source that fails', async ({ tree }) => {
    async function* pieces() {
      yield bytes('one ')
      yield bytes('two')
    }
    async function* failing() {
      yield bytes('half')
      throw Object.assign(new Error('gone'), { code: 'SOURCE_GONE' })
    }
    checkEqual((await tree.writeFrom('a.txt', pieces())).sizeBytes, 7, 'both pieces')
    await checkRejects(tree.writeFrom('a.txt', failing()), 'SOURCE_GONE', 'the error of the source')
    await checkRejects(tree.writeFrom('b.txt', failing()), 'SOURCE_GONE', 'the error of the source, for a new file')
    checkEqual(text(await tree.read('a.txt')), 'one two', 'the file is as it was')
    checkEqual(await names(tree, ''), ['a.txt'], 'nothing half-written is left')
  })

  promise('makes directories', async ({ tree }) => {
    await tree.makeDirectory('a')
    await checkRejects(tree.makeDirectory('a'), 'FILE_EXISTS', 'it exists')
    await checkRejects(tree.makeDirectory('b/c'), 'FILE_NOT_FOUND', 'its parent is missing')
    await tree.makeDirectory('b/c', { isRecursive: true })
    await tree.makeDirectory('b/c', { isRecursive: true })
    await tree.write('f', bytes('x'))
    await checkRejects(tree.makeDirectory('f', { isRecursive: true }), 'FILE_EXISTS', 'a file stands there')
    checkEqual(await names(tree, ''), ['a', 'b', 'f'], 'directories come first')
  })

  promise('moves files, links and directories without touching what stands there', async ({ tree }) => {
    await tree.write('a.txt', bytes('a'))
    await tree.write('b.txt', bytes('b'))
    await tree.write('dir/inner.txt', bytes('inner'))
    await tree.write('full/x', bytes('x'))
    await tree.makeDirectory('empty')
    await tree.makeLink('link', 'a.txt')
    await checkRejects(tree.move('a.txt', 'b.txt'), 'FILE_EXISTS', 'a file is in the way')
    await checkRejects(tree.move('dir', 'empty'), 'FILE_EXISTS', 'an empty directory is in the way')
    await checkRejects(tree.move('none', 'x'), 'FILE_NOT_FOUND', 'nothing to move')
    await checkRejects(tree.move('dir', 'dir/inner'), 'PATH_INVALID', 'a directory into itself')
    await checkRejects(tree.move('', 'x'), 'PATH_INVALID', 'the root')
    await checkRejects(tree.move('dir', 'full', { replace: true }), 'DIRECTORY_NOT_EMPTY', 'a full directory stays')
    await tree.move('a.txt', 'full/a.txt')
    await tree.move('link', 'dir/link')
    await tree.move('dir', 'full/dir')
    await tree.move('b.txt', 'full/a.txt', { replace: true })
    checkEqual(text(await tree.read('full/a.txt')), 'b', 'it was replaced')
    checkEqual(await names(tree, 'full/dir'), ['inner.txt', 'link'], 'a directory moves with its contents')
    checkEqual((await tree.stat('full/dir/link'))?.linkTarget, 'a.txt', 'a link moves as it is')
    checkEqual(await names(tree, ''), ['empty', 'full'], 'nothing is left behind')
  })

  promise('copies whole directories, with modes, times, links and holes', async ({ tree }) => {
    await tree.write('world/region/r.mca', bytes('region'))
    await tree.makeLink('world/link', 'region/r.mca')
    await tree.chmod('world/region/r.mca', { mode: 0o640 })
    await tree.setTimes('world/region/r.mca', { accessedAt: 1_000_000, modifiedAt: 2_000_000 })
    {
      await using sparse = await tree.open('world/sparse', { canWrite: true, create: 'if-missing' })
      await sparse.write(40_000_000, bytes('end'))
    }
    const seen: number[] = []
    await tree.copy('world', 'copy', { onProgress: ({ bytes: count }) => seen.push(count) })
    const [from, to] = [await tree.stat('world/region/r.mca'), await tree.stat('copy/region/r.mca')]
    checkEqual([to?.mode, to?.modifiedAt], [0o640, 2_000_000], 'mode and time are kept')
    check(from !== null && to !== null && from.revision !== to.revision, 'the copy is a file of its own')
    checkEqual((await tree.stat('copy/link'))?.linkTarget, 'region/r.mca', 'a link stays a link')
    checkEqual(text(await tree.read('copy/sparse', { offset: 40_000_000 })), 'end', 'the content is the same')
    check(((await tree.stat('copy/sparse'))?.diskBytes ?? Infinity) < 1_000_000, 'holes stay holes')
    check((seen.at(-1) ?? 0) >= 40_000_003, 'progress is told')
    await checkRejects(tree.copy('world', 'copy'), 'FILE_EXISTS', 'a name that is taken')
    await checkRejects(tree.copy('world', 'world/region/copy'), 'PATH_INVALID', 'a directory into itself')
    const stop = new AbortController()
    const cancelled = tree.copy('world', 'cancelled', { onProgress: () => stop.abort(), signal: stop.signal })
    await checkRejects(
      cancelled.catch(() => Promise.reject(stopped())),
      'STOPPED',
      'it can be cancelled',
    )
    checkEqual(await tree.stat('cancelled'), null, 'what was begun goes away')
  })

  promise('sets permissions, of a whole directory too, and never setuid', async ({ tree }) => {
    await tree.write('d/e/f.sh', bytes('x'))
    await tree.chmod('d/e/f.sh', { mode: 0o7755 })
    checkEqual((await tree.stat('d/e/f.sh'))?.mode, 0o755, 'only permissions are set')
    await tree.chmod('d', { mode: 0o640, directoryMode: 0o750, isRecursive: true })
    checkEqual([(await tree.stat('d'))?.mode, (await tree.stat('d/e'))?.mode], [0o750, 0o750], 'directories')
    checkEqual((await tree.stat('d/e/f.sh'))?.mode, 0o640, 'files')
    await checkRejects(tree.chmod('none', { mode: 0o600 }), 'FILE_NOT_FOUND', 'nothing is there')
  })

  promise('removes one thing, or everything below it', async ({ tree }) => {
    await tree.write('d/e/f', bytes('x'))
    await tree.makeLink('d/link', 'e')
    await checkRejects(tree.remove('d', { isRecursive: false }), 'DIRECTORY_NOT_EMPTY', 'a full directory')
    await tree.remove('d/link', { isRecursive: false })
    check((await tree.stat('d/e/f')) !== null, 'a link goes alone')
    await tree.remove('d')
    checkEqual(await names(tree, ''), [], 'everything is gone')
  })

  promise('makes links and second names', async ({ tree }) => {
    await tree.write('a.txt', bytes('a'))
    await tree.makeLink('link', 'a.txt')
    await checkRejects(tree.makeLink('link', 'b'), 'FILE_EXISTS', 'a name that is taken')
    checkEqual((await tree.stat('link', { followLinks: true }))?.type, 'file', 'a link can be followed')
    await tree.hardLink('a.txt', 'second')
    await checkRejects(tree.hardLink('a.txt', 'link'), 'FILE_EXISTS', 'a name that is taken, for a hard link')
    await checkRejects(tree.hardLink('link', 'third'), 'PATH_INVALID', 'no second name for a link')
    {
      await using file = await tree.open('second', { canWrite: true })
      await file.write(0, bytes('b'))
    }
    checkEqual(text(await tree.read('a.txt')), 'b', 'both names are one file')
  })
}

function stopped(): Error {
  return Object.assign(new Error('stopped'), { code: 'STOPPED' })
}
