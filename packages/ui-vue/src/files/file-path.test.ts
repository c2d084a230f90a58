import { expect, test } from 'vitest'
import { commandsFor } from './actions/file-commands.ts'
import { directoryOf, extensionOf, joinPath, pathFromQuery, pathToQuery, shownName, stepsOf } from './file-path.ts'
import { nextName } from './uploads/create-upload-queue.ts'

test('paths are joined and taken apart below the root', () => {
  expect(joinPath('', 'a')).toBe('a')
  expect(joinPath('a/b', 'c')).toBe('a/b/c')
  expect([directoryOf('a/b/c'), directoryOf('a'), directoryOf('')]).toEqual(['a/b', '', ''])
  expect(stepsOf('a/b').map(({ path }) => path)).toEqual(['a', 'a/b'])
  expect([extensionOf('World.ZIP'), extensionOf('.env'), extensionOf('run')]).toEqual(['zip', '', ''])
})

test.each(['plugins/Käse 1.jar', 'a&b=c#d', 'bad\udcff\udc80name', 'x/\udce4ö\u{1f95a}', ''])(
  'an address gives back the path %j byte for byte',
  (path) => {
    expect(pathFromQuery(Object.fromEntries(new URLSearchParams({ ...pathToQuery(path) })))).toBe(path)
    expect(shownName(path).isWellFormed()).toBe(true)
  },
)

test.each([
  ['world.zip', 'world (1).zip'],
  ['a/world (1).zip', 'a/world (2).zip'],
  ['run', 'run (1)'],
  ['.env', '.env (1)'],
])('%s is kept beside another as %s', (path, expected) => expect(nextName(path)).toBe(expected))

test('what can be done depends on the entries and on the permissions', () => {
  const all = (): boolean => true
  const [zip, folder] = [
    { name: 'a.zip', type: 'file' },
    { name: 'b', type: 'directory' },
  ] as const
  expect(commandsFor([zip], all)).toContain('unpack')
  expect(commandsFor([zip], all)).toContain('browse')
  expect(commandsFor([{ name: 'latest.log.gz', type: 'file' }], all)).not.toContain('browse')
  expect(commandsFor([folder], all)).toContain('usage')
  expect(commandsFor([{ name: 'link', type: 'symlink' }], all)).not.toContain('download')
  expect(commandsFor([zip, folder], all)).toEqual(['download', 'rename', 'move', 'pack', 'mode', 'remove'])
  expect(commandsFor([zip, folder], (permission) => permission === 'file.delete')).toEqual(['remove'])
  expect(commandsFor([], all)).toEqual([])
})
