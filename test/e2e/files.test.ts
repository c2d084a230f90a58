import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../../packages/panel/src/nodes/until.ts'
import { startPanelAndAgent } from '../panel-and-agent.ts'

test('files go from the SDK through the panel into the server and back', async () => {
  await using stage = await startPanelAndAgent()
  const { sdk, server, data } = stage
  const params = { server }
  const bytes = randomBytes(5_000_000)

  const written = await sdk.writeFile({ params, query: { path: 'world/level.dat' }, body: new Uint8Array(bytes) })
  expect(written).toMatchObject({ name: 'level.dat', sizeBytes: bytes.length })
  expect(readFileSync(join(data, 'world/level.dat')).equals(bytes)).toBe(true)

  const response = await sdk.readFile({ params, query: { path: 'world/level.dat' } })
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  const part = await sdk.readFile({
    params,
    query: { path: 'world/level.dat' },
    headers: { range: 'bytes=4999990-' },
    ifMatch: written.revision,
  })
  expect([part.status, Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(-10))]).toEqual([206, true])
  const { checksum } = await sdk.readChecksum({ params, query: { path: 'world/level.dat' } })
  expect(checksum).toBe(createHash('sha256').update(bytes).digest('hex'))

  writeFileSync(join(data, 'world/level.dat'), 'the game has written')
  const late = sdk.writeFile({
    params,
    query: { path: 'world/level.dat' },
    body: new Uint8Array(1),
    ifMatch: written.revision,
  })
  await expect(late).rejects.toMatchObject({ code: 'REVISION_MISMATCH' })

  const upload = await sdk.beginUpload({ params, body: { path: 'mods/big.jar', sizeBytes: bytes.length } })
  for (let offset = 0; offset < bytes.length; offset += 2_000_000) {
    await sdk.appendUpload({
      params: { server, upload: upload.id },
      query: { offset },
      body: new Blob([new Uint8Array(bytes.subarray(offset, offset + 2_000_000))]),
    })
  }
  await sdk.finishUpload({ params: { server, upload: upload.id } })
  expect(readFileSync(join(data, 'mods/big.jar')).equals(bytes)).toBe(true)

  await sdk.deleteFiles({ params, body: { paths: ['mods', 'none'] } })
  const { data: trash } = await sdk.listTrash({ params })
  expect(trash.map(({ path }) => path)).toEqual(['mods'])
  await sdk.restoreTrash({ params, body: { items: [{ id: trash[0]!.id }] } })
  const listed = await sdk.listFiles({ params, query: { path: 'mods' } })
  expect(listed.data.map(({ name }) => name)).toEqual(['big.jar'])

  const { operation } = await sdk.packFiles({ params, body: { directory: '', names: ['mods'], to: 'mods.tar.gz' } })
  await until(async () => (await sdk.getOperation({ params: { operation } })).status === 'succeeded', 'the archive')
  const unpacking = await sdk.unpackFile({ params, body: { path: 'mods.tar.gz', to: 'unpacked' } })
  const isUnpacked = async () => (await sdk.getOperation({ params: unpacking })).status === 'succeeded'
  await until(isUnpacked, 'the files')
  expect(readFileSync(join(data, 'unpacked/mods/big.jar')).equals(bytes)).toBe(true)
  await sdk.deleteFiles({ params, body: { paths: ['unpacked', 'mods.tar.gz'], isPermanent: true } })
  const use = await sdk.readDiskUse({ params, query: {} })
  expect(use.children.map(({ name }) => name)).toEqual(['mods', 'world'])
})

test('files go from one server to another without lying anywhere between, and all of them or none', async () => {
  await using stage = await startPanelAndAgent()
  const { sdk, server, node, data, dataOf } = stage
  const other = (await node.createServer()).id
  mkdirSync(join(data, 'world/region'), { recursive: true })
  const bytes = randomBytes(3_000_000)
  writeFileSync(join(data, 'world/region/r.0.0.mca'), bytes)
  writeFileSync(join(data, 'world/level.dat'), 'level')
  const end = async (operation: string) => {
    const status = async () => (await sdk.getOperation({ params: { operation } })).status
    await until(async () => ['succeeded', 'failed'].includes(await status()), 'the end of the copy')
    return status()
  }
  const copy = (names: readonly string[], target = other) =>
    sdk.copyFilesToServer({ params: { server }, body: { directory: '', names: [...names], target, to: 'copied' } })

  const { operation } = await copy(['world'])
  expect(await end(operation)).toBe('succeeded')
  expect(readFileSync(join(dataOf(other), 'copied/world/region/r.0.0.mca')).equals(bytes)).toBe(true)
  expect(readFileSync(join(dataOf(other), 'copied/world/level.dat'), 'utf8')).toBe('level')
  expect(readFileSync(join(data, 'world/level.dat'), 'utf8')).toBe('level')

  // Names that are taken stay as they are unless they are to be replaced.
  writeFileSync(join(data, 'world/level.dat'), 'newer')
  writeFileSync(join(data, 'fresh.txt'), 'fresh')
  const again = await copy(['world', 'fresh.txt'])
  await end(again.operation)
  expect(readFileSync(join(dataOf(other), 'copied/world/level.dat'), 'utf8')).toBe('level')

  await expect(copy(['missing'])).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  await expect(copy(['world'], randomUUID())).rejects.toMatchObject({ code: 'COPY_TARGET_NOT_FOUND' })
})
