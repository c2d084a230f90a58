import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import {
  appendUpload,
  beginUpload,
  cancelUpload,
  copyFile,
  createFile,
  deleteFiles,
  finishUpload,
  getFile,
  getOperation,
  getUpload,
  listFiles,
  listServerActivity,
  listTrash,
  moveFiles,
  packFiles,
  placeHold,
  restoreTrash,
  searchFiles,
  unpackFile,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { createTestNode } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import type { TestClient } from '../testing/test-panel.ts'

async function stageOf() {
  const node = await createTestNode()
  const { panel, admin, agent } = node
  const owner = await panel.createUser()
  const server = await node.createServer({ owner: owner.uuid })
  const row = await panel.ctx.db
    .selectFrom('servers')
    .selectAll()
    .where('uuid', '=', server.id)
    .executeTakeFirstOrThrow()
  const params = { server: server.id }
  const content = (path: string) => `/api/v1/servers/${server.id}/files/content?path=${encodeURIComponent(path)}`
  return {
    node,
    panel,
    admin,
    agent,
    owner: await panel.signInAs(owner),
    params,
    content,
    async subuser(...permissions: readonly string[]) {
      const user = await panel.createUser()
      await panel.grant(user, { ...row, shortId: row.short_id, nodeId: row.node_id, eggId: row.egg_id }, permissions)
      return panel.signInAs(user)
    },
    put: (client: TestClient, path: string, bytes: Buffer, headers: Record<string, string> = {}) =>
      client.request({
        method: 'PUT',
        url: content(path),
        payload: bytes,
        headers: { ...client.headers, 'content-type': 'application/octet-stream', ...headers },
      }),
    get: (client: TestClient, path: string, headers: Record<string, string> = {}) =>
      client.request({ method: 'GET', url: content(path), headers: { ...client.headers, ...headers } }),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

const codeOf = (answer: { readonly body: string }) =>
  (JSON.parse(answer.body) as { error: { code: string } }).error.code

describe('the content of files', () => {
  test('goes in and comes out as it was, as bytes that no browser shows', async () => {
    await using stage = await stageOf()
    const bytes = randomBytes(1_500_000)
    const written = await stage.put(stage.owner, 'world/ä "level".dat', bytes)
    expect(written.statusCode).toBe(200)
    const { revision } = JSON.parse(written.body) as { revision: number }
    expect(written.headers['etag']).toBe(`"${revision}"`)

    const read = await stage.get(stage.owner, 'world/ä "level".dat')
    expect(read.statusCode).toBe(200)
    expect(read.rawPayload.equals(bytes)).toBe(true)
    expect(read.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '1500000',
      'content-disposition': `attachment; filename="_ _level_.dat"; filename*=UTF-8''%C3%A4%20%22level%22.dat`,
      'content-security-policy': "sandbox; default-src 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      etag: `"${revision}"`,
    })
  })

  test('comes in parts, of one revision only', async () => {
    await using stage = await stageOf()
    stage.agent.files.content.set('a.txt', Buffer.from('0123456789'))
    const part = await stage.get(stage.owner, 'a.txt', { range: 'bytes=2-4' })
    expect([part.statusCode, part.body, part.headers['content-range']]).toEqual([206, '234', 'bytes 2-4/10'])
    const etag = String(part.headers['etag'])
    expect((await stage.get(stage.owner, 'a.txt', { range: 'bytes=5-', 'if-match': etag })).body).toBe('56789')
    expect(codeOf(await stage.get(stage.owner, 'a.txt', { range: 'bytes=10-' }))).toBe('RANGE_INVALID')

    stage.agent.files.content.set('a.txt', Buffer.from('abcdefghij'))
    const late = await stage.get(stage.owner, 'a.txt', { range: 'bytes=5-', 'if-match': etag })
    expect([late.statusCode, codeOf(late)]).toEqual([412, 'REVISION_MISMATCH'])
    const whole = await stage.get(stage.owner, 'a.txt', { range: 'bytes=5-', 'if-range': etag })
    expect([whole.statusCode, whole.body]).toEqual([200, 'abcdefghij'])
  })

  test('is replaced only over the revision that was seen', async () => {
    await using stage = await stageOf()
    const { headers } = await stage.put(stage.owner, 'a', Buffer.from('one'))
    await stage.put(stage.owner, 'a', Buffer.from('two'))
    const answer = await stage.put(stage.owner, 'a', Buffer.from('three'), { 'if-match': String(headers['etag']) })
    expect(codeOf(answer)).toBe('REVISION_MISMATCH')
    expect(stage.agent.files.content.get('a')?.toString()).toBe('two')
  })

  test('is refused where JSON is wanted, and JSON where bytes are', async () => {
    await using stage = await stageOf()
    const headers = { ...stage.owner.headers, 'content-type': 'application/octet-stream' }
    const url = `/api/v1/servers/${stage.params.server}/files`
    expect(codeOf(await stage.owner.request({ method: 'POST', url, headers, payload: Buffer.from('{}') }))).toBe(
      'BAD_REQUEST',
    )
    const json = { ...stage.owner.headers, 'content-type': 'application/json' }
    const answer = await stage.owner.request({ method: 'PUT', url: stage.content('a'), headers: json, payload: '{}' })
    expect(codeOf(answer)).toBe('BAD_REQUEST')
    expect(stage.agent.files.content.size).toBe(0)
  })

  test('that its sender breaks off replaces nothing', async () => {
    await using stage = await stageOf()
    stage.agent.files.content.set('a', Buffer.from('before'))
    const sending = request(`${stage.node.url}${stage.content('a')}`, {
      method: 'PUT',
      headers: { ...stage.owner.headers, 'content-type': 'application/octet-stream', 'content-length': '1000000' },
    })
    sending.on('error', () => undefined)
    sending.write(Buffer.alloc(1000))
    await until(() => stage.agent.callsOf('files.write').length === 1, 'the call')
    const closed = new Promise((resolve) => sending.once('close', resolve))
    sending.destroy()
    await closed
    const again = await stage.put(stage.owner, 'b', Buffer.from('x'))
    expect(again.statusCode).toBe(200)
    expect(stage.agent.files.content.get('a')?.toString()).toBe('before')
  })

  test.each([
    ['less', 20],
    ['more', 5],
  ])('of which a node sends %s than it says never looks whole', async (_what, announced) => {
    await using stage = await stageOf()
    const { agent } = stage
    agent.files.content.set('a', Buffer.alloc(10))
    const honest = agent.files.handlers()['files.read']
    agent.override['files.read'] = async (params, signal) => {
      const { entry } = await honest(params, signal)
      return { entry: { ...entry, sizeBytes: announced } }
    }
    const outcome = await fetch(`${stage.node.url}${stage.content('a')}`, { headers: stage.owner.headers })
      .then(async (response) => (response.ok ? response.arrayBuffer() : 'an error'))
      .catch(() => 'a broken connection')
    expect(outcome).toMatch(/error|broken/)
    // What was too much is not the beginning of the next answer.
    expect((await stage.owner.call(listFiles, { params: stage.params })).status).toBe(200)
  })

  test('stops where nobody takes it any more', async () => {
    await using stage = await stageOf()
    stage.agent.files.content.set('big', Buffer.alloc(20_000_000))
    const reading = request(`${stage.node.url}${stage.content('big')}`, { headers: stage.owner.headers })
    reading.end()
    const [response] = (await once(reading, 'response')) as [NodeJS.ReadableStream]
    await once(response, 'readable')
    reading.destroy()
    // The session goes on, and the memory of the next download is there.
    const again = await stage.get(stage.owner, 'big', { range: 'bytes=0-9' })
    expect(again.statusCode).toBe(206)
  })
})

describe('who may do what', () => {
  test('without the right to make files only those that are there are replaced', async () => {
    await using stage = await stageOf()
    const editor = await stage.subuser('file.update')
    stage.agent.files.content.set('there', Buffer.from('x'))
    expect((await stage.put(editor, 'there', Buffer.from('y'))).statusCode).toBe(200)
    expect(codeOf(await stage.put(editor, 'new', Buffer.from('y')))).toBe('FILE_NOT_FOUND')
    expect(codeOf(await stage.get(editor, 'there'))).toBe('PERMISSION_DENIED')
    const creator = await stage.subuser('file.create')
    const body = { path: 'there', sizeBytes: 1, replace: true }
    expect(await creator.refusal(beginUpload, { params: stage.params, body })).toBe('PERMISSION_DENIED')
    const moves = [{ from: 'there', to: 'b' }]
    expect(await editor.refusal(moveFiles, { params: stage.params, body: { moves, replace: true } })).toBe(
      'PERMISSION_DENIED',
    )
  })

  test('nobody but an administrator reaches the files of a suspended server', async () => {
    await using stage = await stageOf()
    const admin = await stage.panel.signInAs(stage.admin)
    await admin.call(placeHold, { params: { ...stage.params, kind: 'billing' }, body: {} })
    expect(await stage.owner.refusal(listFiles, { params: stage.params })).toBe('SERVER_SUSPENDED')
    expect((await admin.call(listFiles, { params: stage.params })).status).toBe(200)
  })

  test('text is searched only by who may read it', async () => {
    await using stage = await stageOf()
    stage.agent.files.content.set('a', Buffer.from('hello'))
    const reader = await stage.subuser('file.read')
    const { params } = stage
    expect((await reader.call(searchFiles, { params, body: { path: '' } })).body.matches).toHaveLength(1)
    expect(await reader.refusal(searchFiles, { params, body: { path: '', text: 'hello' } })).toBe('PERMISSION_DENIED')
    const found = await stage.owner.call(searchFiles, { params, body: { path: '', text: 'hello' } })
    expect(found.body).toMatchObject({ matches: [{ path: 'a' }], isPartial: false })
  })

  test('a download ends with the access that it stands on', async () => {
    await using stage = await stageOf()
    stage.agent.files.content.set('big', Buffer.alloc(30_000_000))
    const reader = await stage.subuser('file.read-content')
    const reading = request(`${stage.node.url}${stage.content('big')}`, { headers: reader.headers })
    reading.on('error', () => undefined)
    reading.end()
    const [response] = (await once(reading, 'response')) as [IncomingMessage]
    let received = 0
    response.on('error', () => undefined)
    await once(response, 'readable')
    // What concerns somebody else ends nothing.
    await stage.panel.ctx.store.transaction((trx) =>
      stage.panel.ctx.revocations.revoke(trx, 'user', stage.params.server),
    )
    received += (response.read() as Buffer).length
    await stage.panel.ctx.store.transaction(async (trx) => {
      await trx.deleteFrom('server_access').where('source', '!=', 'owner').execute()
      await stage.panel.ctx.revocations.revoke(trx, 'server', stage.params.server)
    })
    const closed = new Promise((resolve) => response.once('close', resolve))
    response.on('data', (chunk: Buffer) => (received += chunk.length))
    await closed
    expect(received).toBeLessThan(30_000_000)
    expect(codeOf(await stage.get(reader, 'big'))).toBe('SERVER_NOT_FOUND')
  })

  test('an upload belongs to who began it', async () => {
    await using stage = await stageOf()
    const begun = await stage.owner.call(beginUpload, { params: stage.params, body: { path: 'a', sizeBytes: 4 } })
    const params = { ...stage.params, upload: begun.body.id }
    const other = await stage.subuser('file.create')
    for (const contract of [getUpload, appendUpload, finishUpload, cancelUpload]) {
      expect(await other.refusal(contract, { params } as never)).toBe('UPLOAD_NOT_FOUND')
    }
  })
})

test('an upload in pieces goes on where it stands', async () => {
  await using stage = await stageOf()
  const begun = await stage.owner.call(beginUpload, { params: stage.params, body: { path: 'big', sizeBytes: 8 } })
  expect(begun).toMatchObject({ status: 201, body: { offset: 0, sizeBytes: 8 } })
  const url = `/api/v1/servers/${stage.params.server}/files/uploads/${begun.body.id}`
  const headers = { ...stage.owner.headers, 'content-type': 'application/octet-stream' }
  const append = (offset: number, text: string) =>
    stage.owner.request({ method: 'PATCH', url: `${url}?offset=${offset}`, headers, payload: Buffer.from(text) })
  expect((await append(0, 'half')).statusCode).toBe(200)
  const wrong = await append(0, 'half')
  expect(JSON.parse(wrong.body)).toMatchObject({ error: { code: 'UPLOAD_OFFSET', details: { offset: 4 } } })
  await append(4, 'full')
  const params = { ...stage.params, upload: begun.body.id }
  expect((await stage.owner.call(finishUpload, { params })).body).toMatchObject({ name: 'big', sizeBytes: 8 })
  expect(stage.agent.files.content.get('big')?.toString()).toBe('halffull')
})

test('lists are paged, names of any bytes have an address, and the log says who did what', async () => {
  await using stage = await stageOf()
  const { owner, params, agent } = stage
  for (const name of ['a', 'b', 'c', 'raw\udcff']) agent.files.content.set(name, Buffer.from(name))
  const first = await owner.call(listFiles, { params, query: { limit: 3 } })
  expect(first.body).toMatchObject({ total: 4, data: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] })
  const rest = await owner.call(listFiles, { params, query: { limit: 3, cursor: first.body.nextCursor! } })
  expect(rest.body).toMatchObject({ data: [{ name: 'raw\udcff' }], nextCursor: null })
  const pathBytes = Buffer.from([...Buffer.from('raw'), 0xff]).toString('base64url')
  expect((await owner.call(getFile, { params, query: { pathBytes } })).body.name).toBe('raw\udcff')

  await owner.call(createFile, { params, body: { path: 'new', type: 'file' } })
  expect(await owner.refusal(createFile, { params, body: { path: 'link', type: 'symlink' } })).toBe('VALIDATION_FAILED')
  await owner.call(moveFiles, { params, body: { moves: [{ from: 'a', to: 'd' }] } })
  await owner.call(deleteFiles, { params, body: { paths: ['b'] } })
  const trash = await owner.call(listTrash, { params })
  expect(trash.body.data).toMatchObject([{ path: 'b' }])
  await owner.call(restoreTrash, { params, body: { items: [{ id: trash.body.data[0]!.id }] } })
  expect(agent.files.content.has('b')).toBe(true)

  const activity = await owner.call(listServerActivity, { params, query: { limit: 4 } })
  expect(activity.body.data.map(({ type }) => type)).toEqual([
    'server:file.restore',
    'server:file.trash',
    'server:file.rename',
    'server:file.create',
  ])
})

test('archives and copies are jobs with an end, and who may not change files replaces none by unpacking', async () => {
  await using stage = await stageOf()
  const { owner, params } = stage
  stage.agent.files.content.set('a', Buffer.from('a'))
  const jobs = [
    await owner.call(copyFile, { params, body: { from: 'a', to: 'b' } }),
    await owner.call(packFiles, { params, body: { directory: '', names: ['a'], to: 'a.tar.gz' } }),
    await owner.call(unpackFile, { params, body: { path: 'a.tar.gz', to: '' } }),
  ]
  for (const job of jobs) {
    expect(job.status).toBe(202)
    await until(async () => {
      const { body } = await owner.call(getOperation, { params: { operation: job.body.operation } })
      return body.status === 'succeeded'
    }, 'its end')
  }
  const archivist = await stage.subuser('file.archive')
  const body = { path: 'a.tar.gz', to: '', replace: true }
  expect(await archivist.refusal(unpackFile, { params, body })).toBe('PERMISSION_DENIED')
})
