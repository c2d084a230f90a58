import { deleteFiles, forgetFileHistory, listFileHistory, listLostFiles, restoreFileRevision } from '@hatchery/core/api'
import { expect, test } from 'vitest'
import { createTestNode } from '../nodes/test-node.ts'
import type { TestClient } from '../testing/test-panel.ts'

async function stageOf() {
  const node = await createTestNode()
  const { panel } = node
  const user = await panel.createUser()
  const server = await node.createServer({ owner: user.uuid })
  const owner = await panel.signInAs(user)
  const row = await panel.ctx.db
    .selectFrom('servers')
    .selectAll()
    .where('uuid', '=', server.id)
    .executeTakeFirstOrThrow()
  const params = { server: server.id }
  const base = `/api/v1/servers/${server.id}/files`
  return {
    user,
    owner,
    params,
    files: node.agent.files.content,
    async subuser(...permissions: readonly string[]) {
      const other = await panel.createUser()
      await panel.grant(other, { ...row, shortId: row.short_id, nodeId: row.node_id, eggId: row.egg_id }, permissions)
      return panel.signInAs(other)
    },
    save: (path: string, text: string) =>
      owner.request({
        method: 'PUT',
        url: `${base}/content?path=${path}`,
        payload: Buffer.from(text),
        headers: { ...owner.headers, 'content-type': 'application/octet-stream' },
      }),
    read: (client: TestClient, revision: string) =>
      client.request({ method: 'GET', url: `${base}/history/content?revision=${revision}`, headers: client.headers }),
    restore: (client: TestClient, revision: string, headers: Record<string, string> = {}) =>
      client.request({
        method: 'POST',
        url: `${base}/history/restore`,
        payload: { revision },
        headers: { ...client.headers, ...headers },
      }),
    list: async (path: string) => (await owner.call(listFileHistory, { params, query: { path } })).body.data,
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

test('a save is kept with who made it, can be read, and comes back', async () => {
  await using stage = await stageOf()
  await stage.save('a.txt', 'one')
  await stage.save('a.txt', 'two')
  const [newest, first] = await stage.list('a.txt')
  expect(newest).toMatchObject({ via: 'page', user: stage.user.uuid, name: expect.any(String) as string, sizeBytes: 3 })
  const read = await stage.read(stage.owner, first!.id)
  expect([read.statusCode, read.body]).toEqual([200, 'one'])
  expect(read.headers).toMatchObject({
    'content-disposition': expect.stringMatching(/^attachment;.*a\.txt/) as string,
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox') as string,
  })
  await stage.owner.call(restoreFileRevision, { params: stage.params, body: { revision: first!.id } })
  expect(stage.files.get('a.txt')?.toString()).toBe('one')
  expect((await stage.list('a.txt'))[0]).toMatchObject({ via: 'restore', user: stage.user.uuid })
})

test('another revision of the file than the one that was seen is not replaced', async () => {
  await using stage = await stageOf()
  await stage.save('a.txt', 'one')
  const seen = (await stage.save('a.txt', 'two')).headers['etag']
  const [, first] = await stage.list('a.txt')
  await stage.save('a.txt', 'three')
  const refused = await stage.restore(stage.owner, first!.id, { 'if-match': typeof seen === 'string' ? seen : '"1"' })
  expect(refused.body).toContain('REVISION_MISMATCH')
  expect(stage.files.get('a.txt')?.toString()).toBe('three')
})

test('a file that is gone is found, and comes back only for who may make files', async () => {
  await using stage = await stageOf()
  await stage.save('a.txt', 'one')
  const { params, owner } = stage
  await owner.call(deleteFiles, { params, body: { paths: ['a.txt'] } })
  const { data } = (await owner.call(listLostFiles, { params })).body
  expect(data).toMatchObject([{ path: 'a.txt', sizeBytes: 3 }])
  const writer = await stage.subuser('file.update')
  expect((await stage.restore(writer, data[0]!.revision)).body).toContain('FILE_NOT_FOUND')
  expect((await stage.restore(owner, data[0]!.revision)).statusCode).toBe(200)
  expect(stage.files.get('a.txt')?.toString()).toBe('one')
})

test('what was forgotten is gone, and what nobody kept is said to be', async () => {
  await using stage = await stageOf()
  await stage.save('a.txt', 'one')
  await stage.save('b.txt', 'two')
  const { params, owner } = stage
  const [kept] = await stage.list('a.txt')
  expect((await owner.call(forgetFileHistory, { params, query: { path: 'a.txt' } })).body).toEqual({ forgotten: 1 })
  expect([await stage.list('a.txt'), (await stage.list('b.txt')).length]).toEqual([[], 1])
  const gone = await stage.read(owner, kept!.id)
  expect([gone.statusCode, gone.body.includes('FILE_REVISION_NOT_FOUND')]).toEqual([404, true])
  expect((await owner.call(forgetFileHistory, { params, query: {} })).body).toEqual({ forgotten: 1 })
})
