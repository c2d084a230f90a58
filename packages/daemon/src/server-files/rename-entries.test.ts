import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { AppError } from '@hatchery/core/errors'
import { checkRenames } from '@hatchery/core/renames'
import type { FileTree } from '@hatchery/core/runtime'
import { expect, test } from 'vitest'
import { createLocalFileTree } from '../files/index.ts'
import { previewRenames, renameEntries, stepsOf } from './rename-entries.ts'

async function createStage(names: readonly string[], patterns: readonly string[] = []) {
  const directory = await mkdtemp(join(tmpdir(), 'renames-'))
  const root = join(directory, 'data')
  await mkdir(join(root, 'd'), { recursive: true })
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const tree = createLocalFileTree({ server: randomUUID(), root, privateRoot: join(directory, 'private'), ...owner })
  for (const name of names) await tree.write(`d/${name}`, Buffer.from(name))
  return {
    root: join(root, 'd'),
    open: { tree: patterns.length === 0 ? tree : tree.protecting(patterns) },
    async content(): Promise<Record<string, string>> {
      const found = (await readdir(join(root, 'd'))).toSorted()
      const texts = await Promise.all(found.map((name) => readFile(join(root, 'd', name), 'utf8')))
      return Object.fromEntries(found.map((name, index) => [name, texts[index]!]))
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

const pairs = (...list: readonly (readonly [string, string])[]) => list.map(([from, to]) => ({ from, to }))

test('swaps names, hands them round and moves them up in one go', async () => {
  await using stage = await createStage(['a', 'b', 'c', '1', '2'])
  const renames = pairs(['a', 'b'], ['b', 'c'], ['c', 'a'], ['1', '2'], ['2', '3'])
  await renameEntries(stage.open, 'd', renames)
  expect(await stage.content()).toEqual({ '2': '1', '3': '2', a: 'c', b: 'a', c: 'b' })
})

test('says what stands in the way, and then does nothing at all', async () => {
  await using stage = await createStage(['a', 'b', 'secret.key'], ['*.key'])
  const renames = pairs(['a', 'x'], ['b', 'x'], ['gone', 'y'], ['secret.key', 'z'])
  expect((await previewRenames(stage.open, 'd', renames)).map(({ problem }) => problem)).toEqual([
    'duplicate',
    'duplicate',
    'missing',
    null,
  ])
  const taken = pairs(['a', 'n'], ['b', 'secret.key'], ['../d/a', 'q'])
  expect((await previewRenames(stage.open, 'd', taken)).map(({ problem }) => problem)).toEqual([
    null,
    'taken',
    'missing',
  ])
  await expect(renameEntries(stage.open, 'd', renames)).rejects.toMatchObject({ code: 'RENAME_CONFLICT' })
  // That it is protected shows when it is moved; what was moved before goes back.
  const code = await renameEntries(stage.open, 'd', pairs(['a', 'x'], ['secret.key', 'z'])).catch(
    (error: unknown) => (error as AppError).code,
  )
  expect(code).toBe('FILE_PROTECTED')
  expect(Object.keys(await stage.content())).toEqual(['a', 'b', 'secret.key'])
})

test('what fails at any step leaves every name as it was', async () => {
  const renames = pairs(['a', 'b'], ['b', 'a'], ['c', 'd'], ['1', '2'])
  const steps = stepsOf(renames).length
  for (let failing = 1; failing <= steps; failing++) {
    await using stage = await createStage(['a', 'b', 'c', '1'])
    let moves = 0
    const tree: FileTree = {
      ...stage.open.tree,
      move: async (from, to) => {
        moves += 1
        if (moves === failing) throw new AppError('DISK_FULL', { reason: 'test' })
        await stage.open.tree.move(from, to)
      },
    }
    await expect(renameEntries({ tree }, 'd', renames)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await stage.content()).toEqual({ '1': '1', a: 'a', b: 'b', c: 'c' })
  }
})

test('somebody who takes the name meanwhile keeps it', async () => {
  await using stage = await createStage(['a', 'b'])
  const tree: FileTree = {
    ...stage.open.tree,
    move: async (from, to) => {
      if (to === 'd/y') await stage.open.tree.write('d/y', Buffer.from('theirs'))
      await stage.open.tree.move(from, to)
    },
  }
  const renames = pairs(['a', 'x'], ['b', 'y'])
  await expect(renameEntries({ tree }, 'd', renames)).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  expect(await stage.content()).toEqual({ a: 'a', b: 'b', y: 'theirs' })
})

test('a directory that is a link out of the server is none', async () => {
  await using stage = await createStage(['a'])
  await symlink('/etc', join(stage.root, 'out'))
  const preview = previewRenames(stage.open, 'd/out', pairs(['passwd', 'x']))
  await expect(preview).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
})

test('the steps never stand on a name that is taken, whatever is renamed to what', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
  fc.assert(
    fc.property(fc.uniqueArray(name), fc.array(name), (files, targets) => {
      const renames = files.slice(0, targets.length).map((from, index) => ({ from, to: targets[index]! }))
      if (checkRenames(renames, new Set(files)).some((problem) => problem !== null)) return
      const there = new Map<string, string>(files.map((file) => [file, file]))
      for (const { from, to } of stepsOf(renames)) {
        expect(there.has(to)).toBe(false)
        there.set(to, there.get(from)!)
        there.delete(from)
      }
      const wanted = new Map(renames.map(({ from, to }) => [from, to]))
      const expected = files.map((file): [string, string] => [wanted.get(file) ?? file, file])
      expect(there).toEqual(new Map(expected))
    }),
    { numRuns: 1000 },
  )
})
