import { CHECKSUMS } from '../runtime/index.ts'
import type { FileTreePromise } from './file-tree.ts'
import { check, checkEqual, checkRejects } from './runner.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (content: Uint8Array) => new TextDecoder().decode(content)

/** SHA-256 and so on of `hello`, as every other implementation has them. */
const HELLO = [
  '3610a686',
  '5d41402abc4b2a76b9719d911017c592',
  'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d',
  '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
  '9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043',
]

/** What reads, and who may. */
export function describeFileTreeAccess(promise: FileTreePromise): void {
  promise('lists in order, page by page', async ({ tree }) => {
    for (const [name, size] of [
      ['b.txt', 3],
      ['A.txt', 1],
      ['c.txt', 2],
    ] as const) {
      await tree.write(name, new Uint8Array(size))
      await tree.setTimes(name, { accessedAt: 0, modifiedAt: size * 1000 })
    }
    await tree.makeDirectory('z')
    const list = async (options: Parameters<typeof tree.list>[1]) =>
      (await tree.list('', options)).entries.map(({ name }) => name).join(' ')
    checkEqual(await list({}), 'z A.txt b.txt c.txt', 'by name, whatever the case')
    checkEqual(await list({ sort: '-name' }), 'z c.txt b.txt A.txt', 'by name, backwards')
    checkEqual(await list({ sort: 'size' }), 'z A.txt c.txt b.txt', 'by size')
    checkEqual(await list({ sort: '-modified' }), 'z b.txt c.txt A.txt', 'newest first')
    const page = await tree.list('', { offset: 1, limit: 2 })
    checkEqual([page.entries.map(({ name }) => name).join(' '), page.total], ['A.txt b.txt', 4], 'a page in the middle')
    checkEqual((await tree.list('', { offset: 9 })).entries, [], 'a page behind the end')
  })

  promise('reads parts of a file', async ({ tree }) => {
    await tree.write('a.txt', bytes('0123456789'))
    checkEqual(text(await tree.read('a.txt', { offset: 3, maxBytes: 4 })), '3456', 'a part')
    checkEqual(text(await tree.read('a.txt', { offset: 8, maxBytes: 10 })), '89', 'up to the end')
    checkEqual((await tree.read('a.txt', { offset: 20 })).length, 0, 'nothing behind the end')
  })

  promise('opens a file that stays the same, whatever becomes of its name', async ({ tree }) => {
    await checkRejects(tree.open('none'), 'FILE_NOT_FOUND', 'a missing file')
    await checkRejects(tree.open(''), 'PATH_INVALID', 'the root')
    {
      await using file = await tree.open('a.txt', { canWrite: true, create: 'must-be-new' })
      await file.write(0, bytes('hello world'))
      await file.write(6, bytes('W'))
      await tree.move('a.txt', 'b.txt')
      await file.truncate(8)
      await file.sync()
      checkEqual(text(await file.read(4, 100)), 'o Wo', 'it reads what was written')
      checkEqual((await file.stat()).sizeBytes, 8, 'and knows its size')
    }
    checkEqual(text(await tree.read('b.txt')), 'hello Wo', 'it is under its new name')
    await checkRejects(tree.open('b.txt', { create: 'must-be-new' }), 'FILE_EXISTS', 'a name that is taken')
    {
      await using _emptied = await tree.open('b.txt', { canWrite: true, truncates: true })
    }
    checkEqual((await tree.read('b.txt')).length, 0, 'it can be emptied')
    await using reader = await tree.open('b.txt')
    await checkRejects(
      reader.write(0, bytes('x')).catch(() => Promise.reject(Object.assign(new Error('no'), { code: 'NO' }))),
      'NO',
      'what was opened to read is not written',
    )
  })

  promise('counts checksums and disk use', async ({ tree }) => {
    await tree.write('a/hello', bytes('hello'))
    for (const [index, algorithm] of CHECKSUMS.entries()) {
      checkEqual(await tree.checksum('a/hello', algorithm), HELLO[index], algorithm)
    }
    await checkRejects(tree.checksum('a', 'md5'), 'PATH_INVALID', 'a directory has none')
    await tree.write('big/x', new Uint8Array(500_000).fill(1))
    await tree.hardLink('big/x', 'big/again')
    const report = await tree.diskUse('')
    checkEqual(
      report.children.map(({ name, entries }) => [name, entries]),
      [
        ['big', 3],
        ['a', 2],
      ],
      'what is largest comes first',
    )
    check(report.diskBytes >= 500_000 && report.diskBytes < 700_000, `a second name counts once (${report.diskBytes})`)
    checkEqual([report.entries, report.isPartial], [6, false], 'everything was counted')
    await checkRejects(tree.diskUse('a/hello'), 'PATH_INVALID', 'a file is no directory')
  })

  promise('searches names and text, within bounds', async ({ tree }) => {
    await tree.write('logs/latest.log', bytes('first line\nERROR: Disk full\nlast line\n'))
    await tree.write('logs/old/2020.log', bytes('nothing'))
    await tree.write('server.jar', Uint8Array.of(0, 1, 2, ...bytes('disk full')))
    await tree.write('a.key', bytes('disk full'))
    const search = async (options: Partial<Parameters<typeof tree.search>[1]>, from = '') =>
      (await tree.protecting(['*.key']).search(from, { limit: 100, ...options })).matches
        .map(({ path }) => path)
        .toSorted()
        .join(' ')
    checkEqual(await search({ names: ['*.log'] }), 'logs/latest.log logs/old/2020.log', 'a pattern of names')
    checkEqual(await search({ names: ['LATEST'] }), 'logs/latest.log', 'a part of a name, whatever the case')
    checkEqual(await search({ names: ['LATEST'], isCaseSensitive: true }), '', 'or with regard to it')
    checkEqual(await search({ names: ['*.log'], exclude: ['old/'] }), 'logs/latest.log', 'without a directory')
    checkEqual(await search({ text: 'disk full' }), 'logs/latest.log', 'text of what is text and not protected')
    checkEqual(await search({ names: ['*.key'] }), 'a.key', 'what is protected has a name')
    checkEqual(await search({ names: ['2020.log'] }, 'logs'), 'logs/old/2020.log', 'paths begin at the root')
    const { matches } = await tree.search('', { text: 'error', limit: 100 })
    checkEqual(matches[0]?.lines, [{ line: 2, text: 'ERROR: Disk full' }], 'the line is shown')
    checkEqual((await tree.search('', { limit: 1 })).isPartial, true, 'it says when there is more')
  })

  promise('protects files by every name and through every call', async ({ tree }) => {
    await tree.write('keys/a.key', bytes('secret'))
    await tree.write('keys/readme', bytes('free'))
    await tree.write('free/x', bytes('x'))
    await tree.makeLink('alias', 'keys/a.key')
    await tree.makeLink('directory', 'keys')
    const guarded = tree.protecting(['*.key', '/locked/'])
    const refused = (call: Promise<unknown>, what: string) => checkRejects(call, 'FILE_PROTECTED', what)
    for (const path of ['keys/a.key', './keys//a.key', 'free/../keys/a.key', 'alias', 'directory/a.key']) {
      await refused(guarded.read(path), `reading ${path}`)
      await refused(guarded.write(path, bytes('x')), `writing ${path}`)
      await refused(guarded.open(path), `opening ${path}`)
      await refused(guarded.checksum(path, 'md5'), `the checksum of ${path}`)
      await refused(guarded.chmod(path, { mode: 0o600 }), `the mode of ${path}`)
    }
    for (const path of ['keys/a.key', 'directory/a.key']) {
      await refused(guarded.remove(path), `removing ${path}`)
      await refused(guarded.move(path, 'b'), `moving ${path}`)
      await refused(guarded.copy(path, 'b'), `copying ${path}`)
      await refused(guarded.hardLink(path, 'b'), `a second name of ${path}`)
      await refused(guarded.setTimes(path, { accessedAt: 0, modifiedAt: 0 }), `the times of ${path}`)
    }
    await refused(guarded.remove('keys'), 'removing the directory')
    await refused(guarded.move('keys', 'moved'), 'moving the directory')
    await refused(guarded.copy('keys', 'copied'), 'copying the directory')
    await refused(guarded.chmod('keys', { mode: 0o700, isRecursive: true }), 'the modes of the directory')
    await refused(guarded.move('free/x', 'free/y.key'), 'a protected new name')
    await refused(guarded.copy('free', 'locked'), 'a protected copy')
    await refused(guarded.makeDirectory('locked'), 'a protected directory')
    await refused(guarded.write('locked/deep/x', bytes('x')), 'a file in a protected directory')
    await refused(guarded.makeLink('x.key', 'free'), 'a protected link')
    checkEqual(await tree.stat('locked'), null, 'what was refused made nothing')
    checkEqual(text(await guarded.read('keys/readme')), 'free', 'what is beside is free')
    checkEqual((await guarded.list('keys')).total, 2, 'a list shows it')
    checkEqual((await guarded.stat('keys/a.key'))?.type, 'file', 'and it can be described')
    checkEqual(text(await tree.read('keys/a.key')), 'secret', 'nothing was changed')
  })
}
