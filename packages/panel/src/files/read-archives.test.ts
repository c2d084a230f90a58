import { gzipSync } from 'node:zlib'
import { listArchive } from '@hatchery/core/api'
import { expect, test } from 'vitest'
import { createTestNode } from '../nodes/test-node.ts'

async function stageOf() {
  const node = await createTestNode()
  const owner = await node.panel.createUser()
  const server = await node.createServer({ owner: owner.uuid })
  const client = await node.panel.signInAs(owner)
  const base = `/api/v1/servers/${server.id}/files`
  return {
    files: node.agent.files.content,
    owner: client,
    params: { server: server.id },
    get: (path: string, query: Record<string, string>, headers: Record<string, string> = {}) =>
      client.request({
        method: 'GET',
        url: `${base}/${path}?${new URLSearchParams(query).toString()}`,
        headers: { ...client.headers, ...headers },
      }),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

/** The archives of the fake agent are JSON. */
const ARCHIVE = Buffer.from(JSON.stringify({ 'a.txt': 'content of a', 'ä "b".txt': 'b' }))

test('an archive is listed page by page, with the revision it has', async () => {
  await using stage = await stageOf()
  stage.files.set('x.zip', ARCHIVE)
  const first = await stage.owner.call(listArchive, { params: stage.params, query: { path: 'x.zip', limit: 1 } })
  expect(first.body).toMatchObject({ total: 2, data: [{ name: 'a.txt', sizeBytes: 12, type: 'file' }] })
  const query = { path: 'x.zip', limit: 1, cursor: first.body.nextCursor! }
  const rest = await stage.owner.call(listArchive, { params: stage.params, query })
  expect(rest.body).toMatchObject({ nextCursor: null, data: [{ name: 'ä "b".txt' }] })
})

test('a file of an archive comes as something to be saved, whole or in parts of one revision', async () => {
  await using stage = await stageOf()
  stage.files.set('x.zip', ARCHIVE)
  const whole = await stage.get('archive/content', { path: 'x.zip', member: 'a.txt' })
  expect([whole.statusCode, whole.body]).toEqual([200, 'content of a'])
  expect(whole.headers).toMatchObject({
    'content-length': '12',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining('sandbox') as string,
    'content-disposition': expect.stringMatching(/^attachment;.*a\.txt/) as string,
  })
  const etag = whole.headers['etag'] as string
  const part = await stage.get('archive/content', { path: 'x.zip', member: 'a.txt' }, { range: 'bytes=8-9' })
  expect([part.statusCode, part.body, part.headers['content-range']]).toEqual([206, 'of', 'bytes 8-9/12'])

  const missing = await stage.get('archive/content', { path: 'x.zip', member: 'c' })
  expect(missing.statusCode).toBe(404)
  expect(missing.body).toContain('ARCHIVE_MEMBER_NOT_FOUND')
  stage.files.set('x.zip', Buffer.from(JSON.stringify({ 'a.txt': 'other' })))
  const other = await stage.get('archive/content', { path: 'x.zip', member: 'a.txt' }, { 'if-match': etag })
  expect(other.body).toContain('REVISION_MISMATCH')
})

test('of a compressed file comes as much text as was asked for', async () => {
  await using stage = await stageOf()
  stage.files.set('latest.log.gz', gzipSync('line one\nline two\n'))
  const whole = await stage.get('decompressed', { path: 'latest.log.gz' })
  expect([whole.statusCode, whole.body, whole.headers['x-truncated']]).toEqual([200, 'line one\nline two\n', 'false'])
  const begin = await stage.get('decompressed', { path: 'latest.log.gz', maxBytes: '8' })
  expect([begin.body, begin.headers['x-truncated']]).toEqual(['line one', 'true'])
})
