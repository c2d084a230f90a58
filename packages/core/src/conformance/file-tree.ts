import type { FileTree } from '../runtime/index.ts'
import { describeFileTreeAccess } from './file-tree-access.ts'
import { describeFileTreeAreas } from './file-tree-areas.ts'
import { describeFileTreeChanges } from './file-tree-changes.ts'
import { check, checkEqual, checkRejects, type TestRunner } from './runner.ts'

export interface FileTreeHarness extends AsyncDisposable {
  readonly tree: FileTree
  /** Makes a symbolic link in the tree, as the server itself would; absent where there are none. */
  readonly link?: (path: string, target: string) => Promise<void>
  /** Path outside of the tree, and a way to see that its content is still as it was. */
  readonly outside?: { readonly path: string; readonly isUntouched: () => Promise<boolean> }
}

/** States a promise and shows it on a tree of its own. */
export type FileTreePromise = (sentence: string, body: (harness: FileTreeHarness) => Promise<void>) => unknown

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (content: Uint8Array) => new TextDecoder().decode(content)

/** The promise of `FileTree`: every driver passes it. */
export function describeFileTree(
  runner: TestRunner,
  name: string,
  createHarness: () => Promise<FileTreeHarness>,
): void {
  const promise: FileTreePromise = (sentence, body) =>
    runner.test(sentence, async () => {
      await using harness = await createHarness()
      await body(harness)
    })

  runner.describe(`file tree ${name}`, () => {
    promise('writes, reads, lists, describes and removes', async ({ tree }) => {
      await tree.write('config/server.properties', bytes('port=1\n'))
      await tree.write('/config//./server.properties', bytes('port=2\n'))
      checkEqual(text(await tree.read('config/server.properties')), 'port=2\n', 'the last content is there')
      checkEqual(text(await tree.read('config/server.properties', { maxBytes: 4 })), 'port', 'reading stops at a limit')
      checkEqual(
        (await tree.list('config')).entries.map((entry) => [entry.name, entry.type, entry.sizeBytes]),
        [['server.properties', 'file', 7]],
        'no temporary file stays',
      )
      checkEqual(
        (await tree.list('')).entries.map((entry) => entry.type),
        ['directory'],
        'the root is listed',
      )
      checkEqual((await tree.stat('config'))?.type, 'directory', 'a directory is described')
      await tree.remove('config')
      await tree.remove('config')
      checkEqual(await tree.stat('config'), null, 'it is gone')
      checkEqual(await tree.stat('config/server.properties'), null, 'and what was in it')
    })

    promise('keeps every byte, also of an empty and of a large file', async ({ tree }) => {
      for (const size of [0, 1, 3_000_000]) {
        const content = Uint8Array.from({ length: size }, (_, index) => (index * 7) % 256)
        await tree.write('data.bin', content)
        const read = await tree.read('data.bin')
        check(read.length === size && read.every((byte, index) => byte === content[index]), `${size} bytes come back`)
      }
    })

    promise('says what is missing and what is no file', async ({ tree }) => {
      await tree.write('a/b.txt', bytes('x'))
      await checkRejects(tree.read('none'), 'FILE_NOT_FOUND', 'a missing file')
      await checkRejects(tree.read('none/none'), 'FILE_NOT_FOUND', 'a missing directory')
      await checkRejects(tree.read('a/b.txt/c'), 'FILE_NOT_FOUND', 'a file is no directory')
      await checkRejects(tree.list('none'), 'FILE_NOT_FOUND', 'a missing directory is not listed')
      await checkRejects(tree.read('a'), 'PATH_INVALID', 'a directory is not read')
      await checkRejects(tree.list('a/b.txt'), 'PATH_INVALID', 'a file is not listed')
      await checkRejects(tree.write('a', bytes('x')), 'PATH_INVALID', 'a directory is not overwritten')
      await checkRejects(tree.remove(''), 'PATH_INVALID', 'the root is not removed')
    })

    promise('refuses paths that lead out or are none', async ({ tree }) => {
      for (const path of ['..', '../x', 'a/../../x', '/../etc/passwd']) {
        await tree.write('a/keep', bytes('x'))
        await checkRejects(tree.read(path), 'PATH_OUTSIDE', path)
        await checkRejects(tree.write(path, bytes('x')), 'PATH_OUTSIDE', path)
        await checkRejects(tree.remove(path), 'PATH_OUTSIDE', path)
        await checkRejects(tree.stat(path), 'PATH_OUTSIDE', path)
      }
      for (const path of ['a\0b', 'x'.repeat(256), `${'d/'.repeat(3000)}x`]) {
        await checkRejects(tree.read(path), 'PATH_INVALID', JSON.stringify(path.slice(0, 20)))
        await checkRejects(tree.write(path, bytes('x')), 'PATH_INVALID', JSON.stringify(path.slice(0, 20)))
      }
    })

    promise('takes names of every kind', async ({ tree }) => {
      for (const file of [
        'ü 漢 😀.txt',
        ' leading',
        'tab\tname',
        'new\nline',
        '-rf',
        '*',
        'raw\udcff\udc80byte',
        'CON',
        '%2e%2e',
      ]) {
        await tree.write(`names/${file}`, bytes(file.length.toString()))
        checkEqual(
          (await tree.list('names')).entries.map((entry) => entry.name),
          [file],
          'the name comes back',
        )
        checkEqual(text(await tree.read(`names/${file}`)), file.length.toString(), 'the content comes back')
        await tree.remove(`names/${file}`)
      }
    })

    promise('follows links inside the tree and none that leads out', async ({ tree, link, outside }) => {
      if (!link || !outside) return
      await tree.write('real/file.txt', bytes('inside'))
      await link('relative', 'real/file.txt')
      await link('absolute', '/home/container/real')
      await link('up', 'real/../real/file.txt')
      await link('loop', 'loop')
      await link('out-file', outside.path)
      await link('out-directory', outside.path.slice(0, outside.path.lastIndexOf('/')))
      await link('out-relative', '../'.repeat(30) + outside.path.slice(1))
      checkEqual(text(await tree.read('relative')), 'inside', 'a relative link')
      checkEqual(text(await tree.read('absolute/file.txt')), 'inside', 'a link as the server sees it')
      checkEqual(text(await tree.read('up')), 'inside', 'a link with a step up')
      checkEqual((await tree.stat('out-file'))?.type, 'symlink', 'a link itself is described')
      const secret = outside.path.slice(outside.path.lastIndexOf('/') + 1)
      for (const path of ['out-file', `out-directory/${secret}`, 'out-relative']) {
        await checkRejects(tree.read(path), 'PATH_OUTSIDE', `reading ${path}`)
        await checkRejects(tree.write(path, bytes('changed')), 'PATH_OUTSIDE', `writing ${path}`)
      }
      await checkRejects(tree.list('out-directory'), 'PATH_OUTSIDE', 'listing')
      await checkRejects(tree.read('loop'), 'PATH_INVALID', 'a loop ends')
      await tree.write('relative', bytes('through'))
      checkEqual(text(await tree.read('real/file.txt')), 'through', 'writing goes through an inner link')
      for (const path of ['out-file', 'out-directory', 'out-relative', 'loop']) await tree.remove(path)
      check(await outside.isUntouched(), 'nothing outside was changed')
    })

    describeFileTreeChanges(promise)
    describeFileTreeAccess(promise)
    describeFileTreeAreas(promise)
  })
}
