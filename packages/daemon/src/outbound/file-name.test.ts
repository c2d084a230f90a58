import { expect, test } from 'vitest'
import { nameForFile, nameOfUrl, readDispositionName } from './file-name.ts'

test.each([
  ['attachment; filename="server.jar"', 'server.jar'],
  ['attachment; filename=server.jar', 'server.jar'],
  ['attachment; filename="a.jar"; filename*=UTF-8\'\'%C3%A4.jar', 'ä.jar'],
  ["attachment; filename*=iso-8859-1'en'%E4.jar", 'ä.jar'],
  ['attachment; filename="a\\"b.jar"', 'a"b.jar'],
  [`attachment; filename="${Buffer.from('ä.jar').toString('latin1')}"`, 'ä.jar'],
  ["attachment; filename*=UTF-8''%zz; filename=b", 'b'],
  ['inline', null],
  [undefined, null],
])('%s names %s', (header, name) => expect(readDispositionName(header)).toBe(name))

test.each([
  ['../../etc/passwd', 'passwd'],
  ['..\\..\\windows\\system.ini', 'system.ini'],
  ['..', null],
  ['.', null],
  ['/', null],
  ['a\0b\nc', 'abc'],
  ['exe.\u202Egnp', 'exe.gnp'],
  ['  plugin.jar ', 'plugin.jar'],
  ['', null],
])('%j becomes %j', (proposal, name) => expect(nameForFile([proposal])).toBe(name))

test('the first that can be a name is taken, and is no longer than a name may be', () => {
  expect(nameForFile([null, '..', 'b.zip', 'c'])).toBe('b.zip')
  const long = nameForFile([`${'ä'.repeat(300)}.tar.gz`])!
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(255)
  expect(long.endsWith('.gz')).toBe(true)
  expect(long.isWellFormed()).toBe(true)
})

test('an address gives its last part', () => {
  expect(nameOfUrl(new URL('https://example.com/a/b%20c.zip?x=/y'))).toBe('b c.zip')
  expect(nameOfUrl(new URL('https://example.com/'))).toBeNull()
  expect(nameOfUrl(new URL('https://example.com/%zz'))).toBe('%zz')
})
