import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import {
  copyFilesToServer,
  deleteSubuser,
  getOperation,
  listServerActivity,
  prepareDownload,
  previewRename,
  pullFile,
  renameFiles,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { TestViewer } from '../live/test-viewer.ts'
import { createTestNode } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { DIALECTS, type TestClient, type TestUser } from '../testing/test-panel.ts'

async function stageOf(options: Parameters<typeof createTestNode>[0] = {}) {
  const node = await createTestNode(options)
  const { panel, agent } = node
  const owner = await panel.createUser()
  const server = await node.createServer({ owner: owner.uuid })
  const row = await panel.ctx.db
    .selectFrom('servers')
    .selectAll()
    .where('uuid', '=', server.id)
    .executeTakeFirstOrThrow()
  const fetchUrl = (client: TestClient, url: string) => client.request({ method: 'GET', url, headers: client.headers })
  return {
    node,
    panel,
    admin: node.client,
    agent,
    owner: await panel.signInAs(owner),
    params: { server: server.id },
    fetch: fetchUrl,
    files: (path: string) => `/api/v1/servers/${server.id}/files/${path}`,
    async subuser(...permissions: readonly string[]) {
      const user = await panel.createUser()
      await panel.grant(user, { ...row, shortId: row.short_id, nodeId: row.node_id, eggId: row.egg_id }, permissions)
      return panel.signInAs(user)
    },
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

const codeOf = (answer: { readonly body: string }) =>
  (JSON.parse(answer.body) as { error: { code: string } }).error.code

describe.each(DIALECTS)('a selection to download, on %s', (dialect) => {
  test('is taken once, by who made the link, in time, and as an attachment', async () => {
    await using stage = await stageOf({ dialect })
    const { agent, owner, params } = stage
    agent.files.content.set('world/a', Buffer.from('aaa')).set('world/b', Buffer.from('bbb'))
    const body = { directory: 'world', names: ['a', 'b'], format: 'tar.zst' as const }
    const link = await owner.call(prepareDownload, { params, body })
    expect(link.status).toBe(201)
    const { url } = link.body

    const other = await stage.subuser('file.read-content')
    expect(codeOf(await stage.fetch(other, url))).toBe('DOWNLOAD_NOT_FOUND')
    expect((await stage.fetch(stage.panel.anonymous, url)).statusCode).toBe(401)
    // The administrator may do everything, but this is not theirs.
    expect(codeOf(await stage.fetch(stage.admin, url))).toBe('DOWNLOAD_NOT_FOUND')

    const taken = await stage.fetch(owner, url)
    expect([taken.statusCode, taken.body]).toEqual([200, 'aaabbb'])
    expect(taken.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="world.tar.zst"; filename*=UTF-8''world.tar.zst`,
      'content-security-policy': "sandbox; default-src 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    })
    expect(codeOf(await stage.fetch(owner, url))).toBe('DOWNLOAD_NOT_FOUND')
    const [newest] = (await owner.call(listServerActivity, { params, query: {} })).body.data
    expect(newest).toMatchObject({ type: 'server:file.read', data: { files: ['world/a', 'world/b'], count: 2 } })
  })

  test('of two that take it at once, one gets it', async () => {
    await using stage = await stageOf({ dialect })
    stage.agent.files.content.set('a', Buffer.from('a'))
    const { body } = await stage.owner.call(prepareDownload, {
      params: stage.params,
      body: { directory: '', names: ['a'] },
    })
    const answers = await Promise.all(Array.from({ length: 8 }, () => stage.fetch(stage.owner, body.url)))
    expect(answers.filter(({ statusCode }) => statusCode === 200).length).toBe(1)
  })
})

describe('a download of a folder', () => {
  test('that is missing says so before anything comes', async () => {
    await using stage = await stageOf()
    expect(codeOf(await stage.fetch(stage.owner, stage.files('download?path=gone')))).toBe('FILE_NOT_FOUND')
    expect(codeOf(await stage.fetch(stage.owner, stage.files('download')))).toBe('PATH_INVALID')
  })

  test('ends at the node when its taker goes, and when access ends', async () => {
    await using stage = await stageOf()
    const { agent, node } = stage
    agent.files.content.set('a', Buffer.alloc(100_000))
    agent.transfers.isEndless = true
    const open = async (client: TestClient) => {
      const url = `${node.url}${stage.files('download?path=a&format=tar')}`
      const [response] = (await once(get(url, { headers: client.headers }), 'response')) as [IncomingMessage]
      response.on('error', () => undefined)
      response.resume()
      await until(() => agent.transfers.sentPieces > 20)
      return response
    }
    const stops = async () => {
      await until(() => agent.transfers.openDownloads === 0)
      agent.transfers.sentPieces = 0
    }
    const cut = await open(stage.owner)
    cut.destroy()
    await stops()

    const user = await stage.panel.createUser()
    const row = await stage.panel.ctx.db.selectFrom('servers').selectAll().executeTakeFirstOrThrow()
    await stage.panel.grant(user, { ...row, shortId: row.short_id, nodeId: row.node_id, eggId: row.egg_id }, [
      'file.read-content',
    ])
    const response = await open(await stage.panel.signInAs(user))
    await stage.owner.call(deleteSubuser, { params: { ...stage.params, user: user.uuid } })
    await until(() => response.closed)
    await stops()
  })
})

describe('a file from the web', () => {
  test('is a job of the node; its address is logged without what may be secret', async () => {
    await using stage = await stageOf()
    const { agent, owner, params } = stage
    const url = 'https://example.com/files/a.jar?token=secret'
    const begun = await owner.call(pullFile, { params, body: { url, directory: 'plugins', name: 'a.jar' } })
    expect(begun.status).toBe(202)
    const { operation } = begun.body
    await until(async () => {
      const { body } = await owner.call(getOperation, { params: { operation } })
      return body.status === 'succeeded'
    })
    expect(agent.files.content.get('plugins/a.jar')?.toString()).toBe('from the web')
    const activity = JSON.stringify((await owner.call(listServerActivity, { params, query: {} })).body)
    expect(activity).toContain('https://example.com/files/a.jar')
    expect(activity).not.toContain('secret')
  })

  test('replaces one only for who may change files, and has an address of the web', async () => {
    await using stage = await stageOf()
    const creator = await stage.subuser('file.create')
    const body = { url: 'https://example.com/a', directory: '', replace: true }
    const { params } = stage
    expect(await creator.refusal(pullFile, { params, body })).toBe('PERMISSION_DENIED')
    for (const url of ['ftp://example.com/a', 'https://me:secret@example.com/', 'file:///etc/passwd', 'a']) {
      const refused = await creator.refusal(pullFile, { params, body: { url, directory: '' } })
      expect(refused, url).toBe('OUTBOUND_URL_INVALID')
    }
  })
})

describe('a copy to another server', () => {
  test('needs the permission to read here and to create there, and one to replace', async () => {
    await using stage = await stageOf()
    const { agent, node, panel, params } = stage
    agent.files.content.set('a', Buffer.from('aaa'))
    const { id: target } = await node.createServer({ name: 'Creative' })
    const grant = async (user: TestUser, server: string, ...permissions: readonly string[]) => {
      const row = await panel.ctx.db
        .selectFrom('servers')
        .selectAll()
        .where('uuid', '=', server)
        .executeTakeFirstOrThrow()
      await panel.grant(user, { ...row, shortId: row.short_id, nodeId: row.node_id, eggId: row.egg_id }, permissions)
    }
    const [user, other] = [await panel.createUser(), await panel.createUser()]
    await grant(user, params.server, 'file.read-content')
    const client = await panel.signInAs(user)
    const body = { directory: '', names: ['a'], target, to: 'b' }
    // Nobody learns which servers exist.
    expect(await client.refusal(copyFilesToServer, { params, body })).toBe('COPY_TARGET_NOT_FOUND')
    await grant(user, target, 'file.update')
    expect(await client.refusal(copyFilesToServer, { params, body })).toBe('PERMISSION_DENIED')
    expect(agent.calls.some(({ method }) => method === 'files.receive')).toBe(false)

    await grant(other, params.server, 'file.read-content')
    await grant(other, target, 'file.create')
    const allowed = await panel.signInAs(other)
    const replacing = { ...body, replace: true }
    expect(await allowed.refusal(copyFilesToServer, { params, body: replacing })).toBe('PERMISSION_DENIED')
    expect((await allowed.call(copyFilesToServer, { params, body })).status).toBe(202)
    await until(() => agent.files.content.get('b/received')?.toString() === 'aaa')
    const activity = await stage.admin.call(listServerActivity, { params: { server: target }, query: {} })
    expect(activity.body.data.map(({ type }) => type)).toContain('server:file.receive')
  })
})

describe('names by rules', () => {
  test('are shown first and given together', async () => {
    await using stage = await stageOf()
    const { agent, owner, params } = stage
    agent.files.content.set('a.TXT', Buffer.from('a')).set('b.TXT', Buffer.from('b')).set('b.txt', Buffer.from('c'))
    const body = {
      directory: '',
      names: ['a.TXT', 'b.TXT'],
      rules: [{ kind: 'case', to: 'lower', scope: 'extension' }],
    }
    const preview = await owner.call(previewRename, { params, body: body as never })
    expect(preview.body.renames.map(({ to, problem }) => [to, problem])).toEqual([
      ['a.txt', null],
      ['b.txt', 'taken'],
    ])
    expect(await owner.refusal(renameFiles, { params, body: body as never })).toBe('RENAME_CONFLICT')
    expect([...agent.files.content.keys()].toSorted()).toEqual(['a.TXT', 'b.TXT', 'b.txt'])

    agent.files.content.delete('b.txt')
    expect((await owner.call(renameFiles, { params, body: body as never })).status).toBe(200)
    expect([...agent.files.content.keys()].toSorted()).toEqual(['a.txt', 'b.txt'])
    const [newest] = (await owner.call(listServerActivity, { params, query: {} })).body.data
    expect(newest).toMatchObject({ type: 'server:file.rename', data: { count: 2 } })
    const wrong = { ...body, rules: [{ kind: 'replace', find: '(', with: '', isPattern: true }] }
    expect(await owner.refusal(previewRename, { params, body: wrong as never })).toBe('RENAME_RULE_INVALID')
  })
})

describe('a directory that is open in pages', () => {
  test('is watched once for all of them, and told to those who have it open', async () => {
    await using stage = await stageOf()
    const { agent, node, params } = stage
    const path = Buffer.from('welt/ä').toString('base64url')
    const topic = `server-files:${params.server}:${path}`
    await using one = await TestViewer.open(node.url, stage.owner)
    await using two = await TestViewer.open(node.url, stage.admin)
    expect(await one.subscribe(topic)).toMatchObject({ type: 'ok' })
    expect(await two.subscribe(topic)).toMatchObject({ type: 'ok' })
    expect(await two.subscribe(`server-files:${params.server}`)).toMatchObject({ type: 'ok' })
    await until(() => agent.transfers.watched.size === 2)
    expect(agent.calls.filter(({ method }) => method === 'files.watch').length).toBe(2)

    agent.transfers.change(params.server, 'welt/ä', ['a.txt'])
    await until(() => one.eventsOf(topic).length === 1 && two.eventsOf(topic).length === 1)
    expect(one.eventsOf(topic)[0]?.event).toEqual({ names: ['a.txt'] })
    expect(two.eventsOf(`server-files:${params.server}`)).toEqual([])

    await one.ask({ type: 'unsubscribe', topic })
    await two.ask({ type: 'unsubscribe', topic })
    await until(() => agent.transfers.watched.size === 1)
  })

  test('needs the permission to list, and ends with it', async () => {
    await using stage = await stageOf()
    const topic = `server-files:${stage.params.server}`
    await using stranger = await TestViewer.open(stage.node.url, await stage.subuser('file.read-content'))
    expect(await stranger.subscribe(topic)).toMatchObject({ type: 'error', error: { code: 'PERMISSION_DENIED' } })
    await using viewer = await TestViewer.open(stage.node.url, stage.owner)
    expect(await viewer.subscribe(`server-stats:${stage.params.server}:YQ`)).toMatchObject({ type: 'error' })
  })
})
