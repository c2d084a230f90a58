import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ServerSpec } from '@hatchery/core/protocol'
import { createLocalFileTree } from '../files/index.ts'
import { patchConfigFiles } from './patch-config-files.ts'

type ConfigFile = ServerSpec['configFiles'][number]

const rule = (path: string, parser: ConfigFile['parser'], match: string, value: string): ConfigFile => ({
  path,
  parser,
  createFile: true,
  replace: [{ match, ifValue: null, value }],
})

async function patch(files: Readonly<Record<string, Buffer | string>>, configFiles: readonly ConfigFile[]) {
  const root = mkdtempSync(join(tmpdir(), 'servers-patch-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  chmodSync(root, 0o755)
  for (const [path, content] of Object.entries(files)) writeFileSync(join(root, path), content)
  mkdirSync(join(root, 'directory.json'))
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  const tree = createLocalFileTree({ server: randomUUID(), root, privateRoot: `${root}.private`, ...owner })
  const warnings: string[] = []
  const context = { dockerInterface: '10.213.0.1', warn: (text: string) => warnings.push(text) }
  await patchConfigFiles(tree, { configFiles: [...configFiles] }, context, new AbortController().signal)
  return { warnings, read: (path: string) => readFileSync(join(root, path)) }
}

test('a file that its owner broke is named and left as it is, and the other files are patched', async () => {
  const broken = '{"port": 1,,,'
  const { warnings, read } = await patch({ 'broken.json': broken }, [
    rule('broken.json', 'json', 'port', '2'),
    rule('directory.json', 'json', 'port', '2'),
    rule('server.properties', 'properties', 'port', '25570'),
  ])
  expect(read('broken.json').toString()).toBe(broken)
  expect(read('server.properties').toString()).toContain('port=25570')
  expect(warnings).toHaveLength(2)
  expect(warnings[0]).toContain('broken.json')
})

test('a file in Latin-1 stays in Latin-1', async () => {
  const before = Buffer.from('motd=Caf\u00e9\nport=1\n', 'latin1')
  const { warnings, read } = await patch({ 'server.cfg': before }, [rule('server.cfg', 'file', 'port', 'port=2')])
  expect(warnings).toEqual([])
  expect(read('server.cfg')).toEqual(Buffer.from('motd=Caf\u00e9\nport=2\n', 'latin1'))
})

test('a byte order mark does not disturb, and stays', async () => {
  const { warnings, read } = await patch({ 'a.json': '\uFEFF{"port": 1}' }, [rule('a.json', 'json', 'port', '2')])
  expect(warnings).toEqual([])
  expect(read('a.json').toString()).toMatch(/^\uFEFF\{\s*"port": 2\s*\}/)
})

test('a file that is too large is not cut off', async () => {
  const large = Buffer.alloc(10 * 1024 * 1024 + 1, 'a')
  const { warnings, read } = await patch({ 'large.txt': large }, [rule('large.txt', 'file', 'a', 'b')])
  expect(warnings[0]).toContain('large.txt')
  expect(read('large.txt').equals(large)).toBe(true)
})

test('the address of the machine stands where an egg asks for the Docker interface', async () => {
  const { read } = await patch({ 'proxy.yml': 'host: x\n' }, [
    rule('proxy.yml', 'yaml', 'host', '{{config.docker.interface}}'),
  ])
  expect(read('proxy.yml').toString()).toBe('host: 10.213.0.1\n')
})
