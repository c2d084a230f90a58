import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type { RevisionVia } from '@hatchery/core/runtime'
import { describe, expect, test } from 'vitest'
import { createLocalFileTree } from '../files/index.ts'
import { chooseRevisions } from './choose-revisions.ts'
import { keepBefore, keepSaved, limitsFor } from './keep-saves.ts'
import type { StoredRevision } from './revision-index.ts'

const MANY = { before: 0, perFile: 50, bytes: 1e9 }

async function createStage() {
  const directory = await mkdtemp(join(tmpdir(), 'history-'))
  const [root, privateRoot] = [join(directory, 'data'), join(directory, 'private')]
  mkdirSync(root)
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const tree = createLocalFileTree({ server: randomUUID(), root, privateRoot, ...owner })
  let at = 1_000
  return {
    root,
    tree,
    index: join(privateRoot, 'history/index.jsonl'),
    contents: () => readdirSync(join(privateRoot, 'history')).filter((name) => name.endsWith('.zst')),
    keep: (path: string, via: RevisionVia = 'page', maxContentBytes = 1e9) =>
      tree.history.keep(path, {
        id: randomUUID(),
        at: at++,
        author: { user: null, name: 'ada', via },
        maxContentBytes,
      }),
    async save(path: string, text: string) {
      await tree.write(path, Buffer.from(text))
      return this.keep(path)
    },
    texts: async (path: string) => {
      const list = await tree.history.list(path)
      return Promise.all(list.map(async ({ id }) => Buffer.from(await tree.history.read(id)).toString()))
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

describe('the history of a file', () => {
  test('has every save, newest first, with who saved it', async () => {
    await using stage = await createStage()
    for (const text of ['one', 'two', 'three']) await stage.save('a.txt', text)
    expect(await stage.texts('a.txt')).toEqual(['three', 'two', 'one'])
    const [newest] = await stage.tree.history.list('./a.txt')
    expect(newest).toMatchObject({ path: 'a.txt', name: 'ada', via: 'page', sizeBytes: 5 })
    expect(newest).not.toHaveProperty('storedBytes')
  })

  test('has what the game wrote in between, and says that it is of nobody', async () => {
    await using stage = await createStage()
    await stage.save('a.txt', 'saved')
    writeFileSync(join(stage.root, 'a.txt'), 'by the game')
    const files = { tree: stage.tree, quota: { report: async () => null } as never, now: () => 5_000 }
    const faults: unknown[] = []
    await keepBefore(files, 'a.txt', (error) => faults.push(error))
    // What is known already is not kept twice.
    await keepBefore(files, 'a.txt', (error) => faults.push(error))
    await stage.tree.write('a.txt', Buffer.from('saved again'))
    await keepSaved(files, 'a.txt', { user: null, name: 'bob', via: 'sftp' }, (error) => faults.push(error))
    expect(await stage.texts('a.txt')).toEqual(['saved again', 'by the game', 'saved'])
    const [, outside] = await stage.tree.history.list('a.txt')
    expect(outside).toMatchObject({ name: null, via: 'outside' })
    expect(faults).toEqual([])
  })

  test('is one by whatever link the file is reached, and keeps a content once', async () => {
    await using stage = await createStage()
    await stage.save('a.txt', 'same')
    await stage.tree.makeLink('link.txt', 'a.txt')
    await stage.save('link.txt', 'other')
    await stage.save('b.txt', 'same')
    await stage.save('a.txt', 'same')
    expect(await stage.texts('link.txt')).toEqual(['same', 'other', 'same'])
    expect(stage.contents()).toHaveLength(2)
  })

  test('goes on under a new name, of files and of whole directories', async () => {
    await using stage = await createStage()
    await stage.save('old/a.txt', 'one')
    await stage.save('older.txt', 'not moved')
    await stage.tree.move('old', 'new')
    await stage.tree.history.move('old', 'new')
    expect(await stage.texts('new/a.txt')).toEqual(['one'])
    expect(await stage.texts('old/a.txt')).toEqual([])
    expect(await stage.texts('older.txt')).toEqual(['not moved'])
  })

  test('outlives the file, which is listed as lost until it is there again', async () => {
    await using stage = await createStage()
    await stage.save('gone/a.txt', 'precious')
    rmSync(join(stage.root, 'gone'), { recursive: true })
    const [lost] = await stage.tree.history.listLost()
    expect(lost).toMatchObject({ path: 'gone/a.txt', sizeBytes: 8 })
    await stage.tree.write('gone/a.txt', await stage.tree.history.read(lost!.revision))
    expect(await stage.tree.history.listLost()).toEqual([])
  })

  test('of what the egg protects is neither kept, listed, read nor forgotten', async () => {
    await using stage = await createStage()
    const kept = await stage.save('a.key', 'secret')
    const { history } = stage.tree.protecting(['*.key'])
    const none = { code: 'FILE_REVISION_NOT_FOUND' }
    expect(await history.list('a.key')).toEqual([])
    await expect(history.read(kept!.id)).rejects.toMatchObject(none)
    await expect(history.find(kept!.id)).rejects.toMatchObject(none)
    expect(await history.forget(null)).toBe(0)
    rmSync(join(stage.root, 'a.key'))
    expect(await history.listLost()).toEqual([])
    writeFileSync(join(stage.root, 'b.key'), 'secret')
    const author = { user: null, name: null, via: 'page' } as const
    const options = { id: randomUUID(), at: 1, author, maxContentBytes: 1e9 }
    await expect(history.keep('b.key', options)).rejects.toMatchObject({ code: 'FILE_PROTECTED' })
  })

  test('notes what is no text only where there is a history, and keeps none of it', async () => {
    await using stage = await createStage()
    writeFileSync(join(stage.root, 'level.dat'), Buffer.from([0, 1, 2]))
    expect(await stage.keep('level.dat')).toBeNull()
    await stage.save('a.txt', 'text')
    writeFileSync(join(stage.root, 'a.txt'), Buffer.alloc(5_000_000, 'x'))
    expect(await stage.keep('a.txt')).toMatchObject({ sizeBytes: 5_000_000, sha256: null })
    expect(await stage.keep('a.txt')).toBeNull()
  })

  test('notes a content for which there is no room, without it', async () => {
    await using stage = await createStage()
    await stage.tree.write('a.txt', Buffer.from('no room for this'))
    expect(await stage.keep('a.txt', 'page', 0)).toMatchObject({ sha256: null })
    expect(stage.contents()).toEqual([])
  })

  test('survives a line that a crash has torn, a content that is damaged, and what is left of others', async () => {
    await using stage = await createStage()
    const first = await stage.save('a.txt', 'one')
    appendFileSync(stage.index, '{"id":"torn')
    await stage.save('a.txt', 'two')
    expect(await stage.texts('a.txt')).toEqual(['two', 'one'])
    const directory = join(stage.index, '..')
    const [content] = stage.contents().filter((name) => name.startsWith(first!.sha256!))
    writeFileSync(join(directory, content!), 'damaged')
    await expect(stage.tree.history.read(first!.id)).rejects.toMatchObject({ code: 'FILE_REVISION_NOT_FOUND' })
    writeFileSync(join(directory, `${'a'.repeat(64)}.zst`), 'nobody names it')
    writeFileSync(join(directory, `${'b'.repeat(64)}.new`), 'half')
    expect(await stage.tree.history.prune(MANY)).toBe(19)
    expect(stage.contents()).toHaveLength(2)
  })

  test('is forgotten with its contents, of one file or of all', async () => {
    await using stage = await createStage()
    await stage.save('a.txt', 'one')
    await stage.save('b.txt', 'two')
    expect(await stage.tree.history.forget('a.txt')).toBe(1)
    expect([await stage.texts('a.txt'), await stage.texts('b.txt')]).toEqual([[], ['two']])
    expect(await stage.tree.history.forget(null)).toBe(1)
    expect([stage.contents(), readFileSync(stage.index, 'utf8')]).toEqual([[], ''])
  })

  test('gives every revision that it lists back as it was, whatever was saved', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ path: fc.constantFrom('a', 'b', 'c/d'), text: fc.string({ unit: 'grapheme' }) }), {
          maxLength: 12,
        }),
        async (saves) => {
          await using stage = await createStage()
          for (const { path, text } of saves) await stage.save(path, text)
          for (const path of ['a', 'b', 'c/d']) {
            const own = saves.filter((save) => save.path === path && !save.text.includes('\0'))
            expect(await stage.texts(path)).toEqual(own.map(({ text }) => text).toReversed())
          }
          const distinct = new Set(saves.map(({ text }) => text))
          expect(saves.length === 0 ? 0 : stage.contents().length).toBeLessThanOrEqual(distinct.size)
        },
      ),
      { numRuns: 15 },
    )
  })
})

describe('what stays', () => {
  const revision = fc.record({
    path: fc.constantFrom('a', 'b', 'c'),
    at: fc.nat(1_000),
    sha256: fc.option(fc.constantFrom('1', '2', '3', '4', '5')),
  })
  const sized = (list: readonly { path: string; at: number; sha256: string | null }[]) =>
    list.map((one, index) => ({
      ...one,
      id: String(index),
      storedBytes: one.sha256 === null ? 0 : Number(one.sha256) * 10,
    })) as unknown as StoredRevision[]

  test('is within every limit, in its order, and nothing newer was given up for it', () => {
    fc.assert(
      fc.property(fc.array(revision), fc.nat(1_000), fc.nat(5), fc.nat(150), (list, before, perFile, bytes) => {
        const all = sized(list)
        const kept = chooseRevisions(all, { before, perFile, bytes })
        expect(kept).toEqual(all.filter((one) => kept.includes(one)))
        expect(kept.every(({ at }) => at >= before)).toBe(true)
        for (const path of ['a', 'b', 'c']) {
          expect(kept.filter((one) => one.path === path).length).toBeLessThanOrEqual(perFile)
        }
        const contents = new Map(kept.map(({ sha256, storedBytes }) => [sha256, storedBytes]))
        expect([...contents.values()].reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(bytes)
      }),
    )
  })

  test('is a hundredth of the disk, within bounds', () => {
    const MIB = 1024 * 1024
    expect([null, 512 * MIB, 2_000 * MIB, 1e12].map((limit) => limitsFor(0, limit).bytes / MIB)).toEqual([
      64, 8, 20, 64,
    ])
  })
})
