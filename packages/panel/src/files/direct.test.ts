import { openDirectDownload, openDirectUpload, deleteSubuser, updateSubuser } from '@hatchery/core/api'
import { verifyDirectToken, type DirectAction } from '@hatchery/core/protocol'
import { describe, expect, test } from 'vitest'
import { FAKE_HOST } from '../nodes/fake-agent.ts'
import { directOriginsOf } from '../nodes/direct-origin.ts'
import { createTestNode } from '../nodes/test-node.ts'

const ORIGIN = 'https://node-1.example.com:8443'

async function stageOf() {
  const node = await createTestNode()
  const { panel, agent } = node
  const owner = await panel.createUser()
  const server = await node.createServer({ owner: owner.uuid })
  const setDirect = (direct: { url: string } | null) =>
    panel.ctx.store.transaction(async (trx) => {
      await trx
        .updateTable('nodes')
        .set({ host: JSON.stringify({ ...FAKE_HOST, direct }) })
        .execute()
    })
  await setDirect({ url: ORIGIN })
  return {
    node,
    panel,
    agent,
    server,
    setDirect,
    owner: await panel.signInAs(owner),
    params: { server: server.id },
    /** What the node reads out of a link. */
    read: (url: string, action: DirectAction) =>
      verifyDirectToken(new URL(url).searchParams.get('token') ?? '', {
        node: node.node,
        action,
        now: panel.ctx.now(),
        secretOf: (keyId) => (keyId === agent.keyId ? agent.secret : null),
      }),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

describe('links past the panel', () => {
  test('name what they open, for whom, and for which page', async () => {
    await using stage = await stageOf()
    const { owner, params, server, node } = stage
    const { status, body } = await owner.call(openDirectDownload, { params, body: { path: 'world/level.dat' } })
    expect(status).toBe(200)
    const link = body.link!
    expect(link).toMatchObject({ origin: ORIGIN })
    expect(link.url.startsWith(`${ORIGIN}/direct/v1/files?token=`)).toBe(true)
    expect(stage.read(link.url, 'download')).toMatchObject({
      node: node.node,
      server: server.id,
      action: 'download',
      subject: 'world/level.dat',
      accessRevision: 1,
      expiresAt: link.expiresAt,
    })
    // For another action the same token is nothing.
    expect(() => stage.read(link.url, 'upload')).toThrow('opens nothing')
  })

  test('are not made where browsers do not reach the node, and not for uploads that are not there', async () => {
    await using stage = await stageOf()
    const { owner, params, setDirect } = stage
    const upload = '018f4b1e-0000-7000-8000-000000000000'
    const missing = await owner.call(openDirectUpload, { params: { ...params, upload } })
    expect([missing.status, missing.body]).toMatchObject([404, { error: { code: 'UPLOAD_NOT_FOUND' } }])
    await setDirect(null)
    const none = await owner.call(openDirectDownload, { params, body: { path: 'a' } })
    expect([none.status, none.body]).toEqual([200, { link: null }])
  })

  test('carry a revision below the one that a change of access raises', async () => {
    await using stage = await stageOf()
    const { panel, owner, params, server } = stage
    const friend = await panel.createUser()
    const row = await panel.ctx.db
      .selectFrom('servers')
      .selectAll()
      .where('uuid', '=', server.id)
      .executeTakeFirstOrThrow()
    await panel.grant(friend, { ...row, shortId: row.short_id, nodeId: row.node_id, eggId: row.egg_id }, [
      'file.read-content',
    ])
    const client = await panel.signInAs(friend)
    const link = await client.call(openDirectDownload, { params, body: { path: 'a' } })
    const { accessRevision } = stage.read(link.body.link!.url, 'download')
    const subuser = { ...params, user: friend.uuid }
    await owner.call(updateSubuser, { params: subuser, body: { permissions: ['file.read'] } })
    await owner.call(deleteSubuser, { params: subuser })
    const floor = await panel.ctx.db
      .selectFrom('access_floors')
      .select('min_revision')
      .where('user_uuid', '=', friend.uuid)
      .executeTakeFirstOrThrow()
    expect(floor.min_revision).toBeGreaterThan(accessRevision)
    const late = await client.call(openDirectDownload, { params, body: { path: 'a' } })
    expect(late.status).toBe(404)
  })

  test('lead to addresses that the headers of the pages name', async () => {
    await using stage = await stageOf()
    expect(await directOriginsOf(stage.panel.ctx)()).toEqual([ORIGIN])
    await stage.setDirect(null)
    expect(await directOriginsOf(stage.panel.ctx)()).toEqual([])
  })
})
