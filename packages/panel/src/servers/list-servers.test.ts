import { listServers, updateServer } from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { TEST_EGG } from '../nodes/test-node.ts'
import { createTestPanel, DIALECTS, type TestClient, type TestPanel } from '../testing/test-panel.ts'
import { parseEgg } from '@hatchery/core/eggs'

async function withServers(dialect: (typeof DIALECTS)[number], names: readonly string[]) {
  const panel = await createTestPanel({ dialect })
  const owner = await panel.createUser()
  const node = await panel.createNode()
  const egg = await panel.createEgg({ model: JSON.stringify((await parseEgg(TEST_EGG)).egg) })
  for (const name of names) {
    panel.clock.advance(1)
    const created_at = panel.clock.now()
    await panel.createServer(owner, { name, node_id: node.id, egg_id: egg.id, created_at })
  }
  return {
    panel,
    owner,
    client: await panel.signInAs(owner),
    [Symbol.asyncDispose]: () => panel[Symbol.asyncDispose](),
  }
}

type Query = Parameters<typeof page>[1]
async function page(
  client: TestClient,
  query: {
    sort?: 'name' | '-name' | 'createdAt' | '-createdAt'
    search?: string
    scope?: 'all' | 'mine'
    limit?: number
    cursor?: string
  },
) {
  return (await client.call(listServers, { query })).body
}
async function walk(client: TestClient, query: Query): Promise<string[]> {
  const names: string[] = []
  for (let cursor: string | null | undefined = undefined; cursor !== null;) {
    const body: Awaited<ReturnType<typeof page>> = await page(client, {
      ...query,
      limit: 2,
      ...(cursor !== undefined && { cursor }),
    })
    names.push(...body.data.map(({ name }) => name))
    cursor = body.nextCursor
  }
  return names
}
const bump = (panel: TestPanel, name: string, values: object) =>
  panel.ctx.store.transaction(async (trx) => {
    await trx
      .updateTable('servers')
      .set((eb) => ({ ...values, summary_revision: eb('summary_revision', '+', 1) }))
      .where('name', '=', name)
      .execute()
  })

for (const dialect of DIALECTS) {
  describe(`the list of servers on ${dialect}`, () => {
    test('is walked in every order, each server once, equal names included', async () => {
      await using at = await withServers(dialect, ['delta', 'alpha', 'charlie', 'bravo', 'alpha'])
      const inOrder = ['alpha', 'alpha', 'bravo', 'charlie', 'delta']
      expect(await walk(at.client, { sort: 'name' })).toEqual(inOrder)
      expect(await walk(at.client, { sort: '-name' })).toEqual(inOrder.toReversed())
      expect(await walk(at.client, { sort: 'createdAt' })).toEqual(['delta', 'alpha', 'charlie', 'bravo', 'alpha'])
      expect(await walk(at.client, { sort: '-createdAt' })).toEqual(['alpha', 'bravo', 'charlie', 'alpha', 'delta'])
      const { nextCursor } = await page(at.client, { sort: 'name', limit: 2 })
      expect(await at.client.refusal(listServers, { query: { sort: '-name', cursor: nextCursor! } })).toBe(
        'CURSOR_INVALID',
      )
      expect(await at.client.refusal(listServers, { query: { cursor: 'garbage' } })).toBe('CURSOR_INVALID')
    })

    test('shows a change at once, though rows are kept serialised', async () => {
      await using at = await withServers(dialect, ['alpha', 'bravo'])
      expect((await page(at.client, {})).data[0]).toMatchObject({ name: 'alpha', state: 'offline' })
      await bump(at.panel, 'alpha', { process_state: 'running' })
      const [first] = (await page(at.client, {})).data
      expect(first).toMatchObject({ name: 'alpha', state: 'running' })
      await at.client.call(updateServer, { params: { server: first!.id }, body: { name: 'zulu' } })
      expect((await page(at.client, {})).data.map(({ name }) => name)).toEqual(['bravo', 'zulu'])
    })

    test('has only what the caller may see, with what they may do', async () => {
      await using at = await withServers(dialect, ['alpha', 'bravo'])
      const { panel } = at
      const guest = await panel.createUser()
      const theirs = await panel.signInAs(guest)
      expect((await page(theirs, {})).data).toEqual([])
      const row = await panel.ctx.db
        .selectFrom('servers')
        .selectAll()
        .where('name', '=', 'alpha')
        .executeTakeFirstOrThrow()
      const server = { id: row.id, uuid: row.uuid, shortId: row.short_id, nodeId: row.node_id, eggId: row.egg_id }
      await panel.grant(guest, server, ['control.console'])
      expect((await page(theirs, {})).data).toMatchObject([{ name: 'alpha', permissions: ['control.console'] }])
      expect((await page(at.client, {})).data).toMatchObject([{ permissions: ['*'] }, { permissions: ['*'] }])
      expect(await theirs.refusal(listServers, { query: { scope: 'all' } })).toBe('PERMISSION_DENIED')
      const admin = await panel.signInAs(await panel.createAdmin())
      expect((await page(admin, {})).data).toEqual([])
      expect((await page(admin, { scope: 'all' })).data).toHaveLength(2)
    })

    test('finds by name and id, filters by state, and counts when asked', async () => {
      await using at = await withServers(dialect, ['Alpha one', 'alpha two', 'bravo', '100% pure'])
      expect((await page(at.client, { search: 'ALPHA' })).data).toHaveLength(2)
      expect((await page(at.client, { search: '100% p' })).data).toHaveLength(1)
      const [one] = (await page(at.client, { search: 'bravo' })).data
      expect((await page(at.client, { search: one!.shortId })).data).toMatchObject([{ name: 'bravo' }])
      await bump(at.panel, 'bravo', { process_state: 'running' })
      const running = await at.client.call(listServers, { query: { state: 'running', include: 'total' } })
      expect(running.body).toMatchObject({ total: 1, data: [{ name: 'bravo' }] })
      expect((await at.client.call(listServers, { query: {} })).body.total).toBeUndefined()
    })
  })
}
