import { expect, test } from 'vitest'
import { readDirectOptions } from './direct-options.ts'

const given = (part: Partial<Parameters<typeof readDirectOptions>[0]> = {}) =>
  readDirectOptions({
    url: 'https://node.example.com:8443',
    listen: undefined,
    certificateFile: undefined,
    keyFile: undefined,
    isBehindProxy: false,
    ...part,
  })
const FILES = { certificateFile: 'c.pem', keyFile: 'k.pem' }

test('a certificate of its own listens everywhere at the port of the address', () => {
  expect(given(FILES)).toEqual({
    url: 'https://node.example.com:8443',
    host: '0.0.0.0',
    port: 8443,
    tls: FILES,
  })
  expect(given({ ...FILES, url: 'https://node.example.com/' })).toMatchObject({ port: 443 })
})

test('behind a proxy it listens on the machine itself, unless it is told where', () => {
  expect(given({ isBehindProxy: true })).toMatchObject({ host: '127.0.0.1', port: 8443, tls: null })
  expect(given({ isBehindProxy: true, listen: '10.0.0.2:81' })).toMatchObject({ host: '10.0.0.2', port: 81 })
  expect(given({ isBehindProxy: true, listen: '[::1]:81' })).toMatchObject({ host: '::1', port: 81 })
})

test('plain HTTP is for the machine itself', () => {
  expect(given({ url: 'http://127.0.0.1:9000' })).toMatchObject({ host: '127.0.0.1', port: 9000, tls: null })
  expect(() => given({ url: 'http://node.example.com' })).toThrow('--direct-url must be an https address')
})

test.each([
  [{ url: 'https://node.example.com/files', ...FILES }, 'without a path'],
  [{ url: 'https://me:secret@node.example.com', ...FILES }, 'without a path'],
  [{ url: 'node.example.com', ...FILES }, '--direct-url'],
  [{}, '--direct-cert and --direct-key, or --direct-behind-proxy'],
  [{ certificateFile: 'c.pem' }, '--direct-cert and --direct-key'],
  [{ ...FILES, isBehindProxy: true }, '--direct-cert and --direct-key'],
  [{ ...FILES, listen: '70000' }, '--direct-listen'],
  [{ url: undefined, isBehindProxy: true }, 'need --direct-url'],
  [{ url: undefined, listen: '1' }, 'need --direct-url'],
] as const)('%j is refused', (part, message) => {
  expect(() => given(part)).toThrow(message)
})

test('without an address there is nothing', () => {
  expect(given({ url: undefined })).toBeUndefined()
})
