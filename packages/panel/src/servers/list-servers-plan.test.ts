import { sql, type CompiledQuery, type Kysely } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { RequestContext } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'
import { listServers } from './list-servers.ts'

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly Plans?: readonly PlanNode[]
}

const SERVERS = 1000
const USERS = 40
const nodesOf = (plan: PlanNode): readonly PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

/** The database, and the statements that were sent to it. */
function watched(db: Kysely<Database>): { readonly db: Kysely<Database>; readonly sent: CompiledQuery[] } {
  const sent: CompiledQuery[] = []
  const watching = new Proxy(db, {
    get(target, key) {
      if (key !== 'executeQuery') {
        const own: unknown = Reflect.get(target, key, target)
        return typeof own === 'function' ? (own.bind(target) as unknown) : own
      }
      return (query: CompiledQuery) => {
        sent.push(query)
        return target.executeQuery(query)
      }
    },
  })
  return { db: watching, sent }
}

for (const dialect of ['postgres'] as const) {
  describe.skipIf(!DIALECTS.includes(dialect))(`the plan of the list of servers on ${dialect}`, () => {
    test('starts at the caller, whatever the panel holds, without being told the limit', async () => {
      await using panel = await createTestPanel({ dialect })
      const owner = await panel.createUser()
      const other = await panel.createUser()
      const server = await panel.createServer(other)
      await panel.createServer(owner, { node_id: server.nodeId, egg_id: server.eggId })
      await fill(panel.ctx, server.id)

      const { db, sent } = watched(panel.ctx.db)
      const principal = { kind: 'session', userId: owner.id, userUuid: owner.uuid, isAdmin: false }
      const answer = await listServers({ ...panel.ctx, db, principal } as unknown as RequestContext, {})
      expect(JSON.parse(answer)).toMatchObject({ data: [{ owner: { username: owner.username } }] })

      const scans = nodesOf(await explain(panel.ctx, sent[0]!, [owner.id, 26])).filter(
        (node) => node['Relation Name'] === 'servers',
      )
      expect(scans).toMatchObject([{ 'Node Type': 'Index Scan', 'Index Name': 'servers_pkey' }])
    })
  })
}

/** Copies of a server, shared evenly by copies of its owner. */
async function fill({ store }: Pick<RequestContext, 'store'>, id: number): Promise<void> {
  await store.transaction(async (trx) => {
    const columnsBut = async (table: string, ...own: readonly string[]) => {
      const { rows } = await sql<{ column: string }>`select column_name as column from information_schema.columns
        where table_schema = current_schema() and table_name = ${table}`.execute(trx)
      return sql.join(rows.flatMap(({ column }) => (own.includes(column) ? [] : [sql.ref(column)])))
    }
    const users = await columnsBut('users', 'id', 'uuid', 'username', 'email')
    await sql`insert into users (uuid, username, email, ${users})
      select md5(n::text), 'other' || n, 'other' || n || '@example.com', ${users}
      from users cross join generate_series(1, ${sql.lit(USERS)}) as n
      where users.id = (select owner_id from servers where id = ${id})`.execute(trx)
    const servers = await columnsBut('servers', 'id', 'uuid', 'short_id', 'name', 'primary_allocation_id')
    await sql`insert into servers (uuid, short_id, name, ${servers})
      select md5(n::text), lpad(to_hex(n), 8, '0'), 'other ' || n, ${servers}
      from servers cross join generate_series(1, ${sql.lit(SERVERS)}) as n where servers.id = ${id}`.execute(trx)
    await sql`insert into server_access (user_id, server_id, source, permissions)
      select users.id, servers.id, 'owner', '["*"]' from servers
      join users on users.username = 'other' || (1 + servers.id % ${sql.lit(USERS)})
      where servers.name like 'other %'`.execute(trx)
    await sql`analyze servers, server_access`.execute(trx)
  })
}

/** The plan that the database keeps for a named statement, made without looking at its parameters. */
async function explain(
  { store }: Pick<RequestContext, 'store'>,
  query: CompiledQuery,
  parameters: readonly number[],
): Promise<PlanNode> {
  return store.transaction(async (trx) => {
    await sql`set local plan_cache_mode = force_generic_plan`.execute(trx)
    await sql`prepare listed as ${sql.raw(query.sql)}`.execute(trx)
    const { rows } = await sql<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>`explain (format json)
      execute listed(${sql.join(parameters.map((value) => sql.lit(value)))})`.execute(trx)
    await sql`deallocate listed`.execute(trx)
    return rows[0]!['QUERY PLAN'][0].Plan
  })
}
