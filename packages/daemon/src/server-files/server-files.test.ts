import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createVolumeFileTree } from '../files/index.ts'
import type { ServerContext } from '../servers/server-context.ts'
import { createDirectoryVolumes } from '../volumes/index.ts'
import { ServerFiles, TRASH_LIFETIME_MS, UPLOAD_LIFETIME_MS } from './server-files.ts'

async function createStage() {
  const root = await mkdtemp(join(tmpdir(), 'server-files-'))
  const volumes = createDirectoryVolumes({ root })
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const servers = [randomUUID(), randomUUID()]
  for (const server of servers) await volumes.create(server, owner)
  let now = Date.now()
  const opened: string[] = []
  const records = servers.map((id) => ({ id, ...owner, spec: null, lifecycle: { isDeleted: false, installing: null } }))
  // As much of the agent as this looks at.
  const ctx = {
    state: { servers: { list: () => records, find: (id: string) => records.find((one) => one.id === id) } },
    volumes,
    files: (volume: Parameters<typeof createVolumeFileTree>[0]) => {
      opened.push(volume.server)
      return createVolumeFileTree(volume, owner)
    },
    now: () => now,
    mayStart: true,
    log: pino({ level: 'silent' }),
  } as unknown as ServerContext
  return {
    root,
    servers: servers as [string, string],
    opened,
    files: new ServerFiles(ctx),
    pass: (ms: number) => (now += ms),
    now: () => now,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

test('what was deleted goes for ever after its time, and unfinished work with it', async () => {
  await using stage = await createStage()
  const { files, opened } = stage
  const [server, quiet] = stage.servers
  const { tree } = await files.toWrite(server)
  await tree.write('a', new Uint8Array(1))
  await tree.trash.put('a', { id: randomUUID(), at: stage.now() })
  await tree.uploads.begin({ id: randomUUID(), owner: 'me', path: 'b', sizeBytes: 1 }, {})
  const own = join(stage.root, server, 'private')
  mkdirSync(join(own, 'unpacked/left'), { recursive: true })
  writeFileSync(join(own, 'unfinished/left.part'), '')
  for (const left of ['unpacked/left', 'unfinished/left.part']) utimesSync(join(own, left), 0, 0)
  writeFileSync(join(own, 'unfinished/under-way.part'), '')

  opened.length = 0
  await files.expire()
  expect(opened).toEqual([server])
  expect([readdirSync(join(own, 'unpacked')), readdirSync(join(own, 'unfinished'))]).toEqual([[], ['under-way.part']])
  expect((await tree.trash.list()).length + (await tree.uploads.list()).length).toBe(2)

  stage.pass(UPLOAD_LIFETIME_MS + 1000)
  await files.expire()
  expect([(await tree.trash.list()).length, (await tree.uploads.list()).length]).toEqual([1, 0])
  stage.pass(TRASH_LIFETIME_MS)
  await files.expire()
  expect(await tree.trash.list()).toEqual([])
  expect(opened).not.toContain(quiet)
})
