import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openTestWeb, PUBLIC_ADDRESS } from '../../packages/daemon/src/outbound/test-web.ts'
import { TestViewer } from '../../packages/panel/src/live/test-viewer.ts'
import { LIMITS } from '../../packages/panel/src/nodes/test-node.ts'
import { until } from '../../packages/panel/src/nodes/until.ts'
import { startPanelAndAgent } from '../panel-and-agent.ts'

type Stage = Awaited<ReturnType<typeof startPanelAndAgent>>

async function endOf({ sdk }: Stage, operation: string) {
  const read = () => sdk.getOperation({ params: { operation } })
  await until(async () => !['pending', 'running'].includes((await read()).status), 'the end of the job')
  return read()
}

function fill(directory: string): Record<string, Buffer> {
  const files = {
    'world/level.dat': randomBytes(2_000_000),
    'world/region/r.0.0.mca': randomBytes(300_000),
    'world/ä b.txt': Buffer.from('text'),
    'server.properties': Buffer.from('max-players=20\n'),
  }
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(directory, path, '..'), { recursive: true })
    writeFileSync(join(directory, path), bytes)
  }
  symlinkSync('level.dat', join(directory, 'world/link'))
  symlinkSync('/etc/passwd', join(directory, 'world/out'))
  return files
}

/** What lies beside the tree of unfinished work. */
function leftBeside(data: string): string[] {
  const beside = join(data, '..', 'private')
  return ['unpacked', 'unfinished'].flatMap((area) =>
    existsSync(join(beside, area)) ? readdirSync(join(beside, area)) : [],
  )
}

test('a file comes from the web by a job that tells how far it is', async () => {
  const bytes = randomBytes(3_000_000)
  await using web = await openTestWeb((_request, response) => {
    response.writeHead(200, { 'content-length': bytes.length, 'content-disposition': 'attachment; filename="a.jar"' })
    response.end(bytes)
  })
  await using stage = await startPanelAndAgent({ web: { allow: [PUBLIC_ADDRESS] } })
  const { sdk, server, data } = stage
  const pull = (url: string) => sdk.pullFile({ params: { server }, body: { url, directory: 'plugins' } })
  const { operation } = await pull(`${web.origin}/download?token=1`)
  expect(await endOf(stage, operation)).toMatchObject({ kind: 'file.pull', status: 'succeeded' })
  expect(readFileSync(join(data, 'plugins/a.jar')).equals(bytes)).toBe(true)

  await expect(pull('http://169.254.169.254/latest/meta-data')).rejects.toMatchObject({ code: 'PULL_REFUSED' })
  const again = await endOf(stage, (await pull(`${web.origin}/`)).operation)
  expect(again).toMatchObject({ status: 'failed', error: { code: 'FILE_EXISTS' } })
})

test('a folder and a selection are downloaded as archives that programs unpack', async () => {
  await using stage = await startPanelAndAgent()
  const { sdk, server, data, node } = stage
  const files = fill(data)
  const params = { server }
  const out = join(data, '..', 'out')
  mkdirSync(out)
  const unpack = async (response: Response, name: string, program: readonly string[]) => {
    writeFileSync(join(out, name), Buffer.from(await response.arrayBuffer()))
    execFileSync(program[0]!, [...program.slice(1), name], { cwd: out })
  }
  const folder = await sdk.downloadFiles({ params, query: { path: 'world' } })
  expect(folder.headers.get('content-disposition')).toContain('filename="world.zip"')
  await unpack(folder, 'a.zip', ['unzip', '-q'])
  expect(readFileSync(join(out, 'world/region/r.0.0.mca')).equals(files['world/region/r.0.0.mca']!)).toBe(true)

  rmSync(join(out, 'world'), { recursive: true })
  const body = { directory: '', names: ['world', 'server.properties'], format: 'tar.zst' as const }
  const { url } = await sdk.prepareDownload({ params, body })
  const { headers } = node.client
  await unpack(await fetch(`${node.url}${url}`, { headers }), 'a.tar.zst', ['tar', '--zstd', '-xf'])
  for (const [path, bytes] of Object.entries(files))
    expect(readFileSync(join(out, path)).equals(bytes), path).toBe(true)
  expect((await fetch(`${node.url}${url}`, { headers })).status).toBe(404)
})

test('files are copied to another server, whole or not at all', async () => {
  await using stage = await startPanelAndAgent()
  const { sdk, server, data, node } = stage
  const files = fill(data)
  const { id: target } = await node.createServer()
  const goal = stage.dataOf(target)
  const copy = (body: object) =>
    sdk.copyFilesToServer({
      params: { server },
      body: { directory: '', names: ['world', 'server.properties'], target, to: 'copied', ...body },
    })

  const { operation } = await copy({})
  expect(await endOf(stage, operation)).toMatchObject({ kind: 'file.receive', status: 'succeeded', server: target })
  for (const [path, bytes] of Object.entries(files)) {
    expect(readFileSync(join(goal, 'copied', path)).equals(bytes), path).toBe(true)
  }
  // A link is copied as what it is; where it leads is decided when somebody follows it.
  expect(readlinkSync(join(goal, 'copied/world/out'))).toBe('/etc/passwd')
  const query = { path: 'copied/world/out' }
  await expect(sdk.readFile({ params: { server: target }, query })).rejects.toMatchObject({ code: 'PATH_OUTSIDE' })
  expect(leftBeside(goal)).toEqual([])

  await expect(copy({ names: ['gone'] })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  await expect(copy({ target: '018f4b1e-0000-4000-8000-000000000000' })).rejects.toMatchObject({
    code: 'COPY_TARGET_NOT_FOUND',
  })

  writeFileSync(join(goal, 'copied/server.properties'), 'mine')
  await endOf(stage, (await copy({})).operation)
  expect(readFileSync(join(goal, 'copied/server.properties'), 'utf8')).toBe('mine')
  await endOf(stage, (await copy({ replace: true })).operation)
  expect(readFileSync(join(goal, 'copied/server.properties'), 'utf8')).toBe('max-players=20\n')
})

test('a copy for which there is no room leaves nothing', async () => {
  await using stage = await startPanelAndAgent()
  const { sdk, server, data, node } = stage
  fill(data)
  writeFileSync(join(data, 'world/large'), randomBytes(4 * 1024 * 1024))
  const { id: target } = await node.createServer({ limits: { ...LIMITS, diskMiB: 2 } })
  const body = { directory: '', names: ['world'], target, to: '' }
  const { operation } = await sdk.copyFilesToServer({ params: { server }, body })
  expect(await endOf(stage, operation)).toMatchObject({ status: 'failed', error: { code: 'DISK_FULL' } })
  const goal = stage.dataOf(target)
  expect([existsSync(join(goal, 'world')), leftBeside(goal)]).toEqual([false, []])
})

test('a page hears what the game does to the directory that it shows', async () => {
  await using stage = await startPanelAndAgent()
  const { server, data, node } = stage
  mkdirSync(join(data, 'logs'))
  const topic = `server-files:${server}:${Buffer.from('logs').toString('base64url')}`
  await using viewer = await TestViewer.open(node.url, node.client)
  expect(await viewer.subscribe(topic)).toMatchObject({ type: 'ok' })
  let lines = 0
  await until(() => {
    // The watch begins some time after the subscription was answered.
    writeFileSync(join(data, 'logs/latest.log'), `${++lines}\n`)
    return viewer.eventsOf(topic).some(({ event }) => (event as { names: string[] }).names?.includes('latest.log'))
  }, 'the change')
})

test('many files get other names at once', async () => {
  await using stage = await startPanelAndAgent()
  const { sdk, server, data } = stage
  for (const name of ['a', 'b', 'c']) writeFileSync(join(data, `${name}.TXT`), name)
  const rules = [
    { kind: 'number' as const, start: 1, digits: 2, at: 'start' as const, separator: '-' },
    { kind: 'case' as const, to: 'lower' as const, scope: 'extension' as const },
  ]
  const body = { directory: '', names: ['a.TXT', 'b.TXT', 'c.TXT'], rules }
  expect((await sdk.previewRename({ params: { server }, body })).renames[0]).toEqual({
    from: 'a.TXT',
    to: '01-a.txt',
    problem: null,
  })
  await sdk.renameFiles({ params: { server }, body })
  expect(readdirSync(data).toSorted()).toEqual(['01-a.txt', '02-b.txt', '03-c.txt'])
})
