import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEgg } from '@hatchery/core/eggs'
import { newServerUuid, newUuid } from '../packages/panel/src/storage/uuid.ts'
import { openStore } from '../packages/panel/src/storage/open-store.ts'

export interface SeedOptions {
  readonly databaseUrl: string
  readonly servers: number
  /** Sign-ins of user 1, or of as many users as there are. */
  readonly sessions: number
}

const USERS = 200
const NODES = 5
const EGGS = 20
const OWNED = 25
const SHARED = 5
const VARIABLES = 10
const BATCH = 200

/**
 * The rows of the equal-work benchmark (reference P3): 200 users, 5 nodes, 20 eggs with real install scripts; user 1 owns 25
 * servers and is subuser of 5, everybody else shares the rest.
 * @returns cookies' tokens: the first is user 1's, further ones belong to users who own as many servers
 */
export async function seed({ databaseUrl, servers, sessions }: SeedOptions): Promise<readonly string[]> {
  const store = await openStore(databaseUrl)
  const now = Date.now()
  const insertMany = async (table: string, rows: readonly Readonly<Record<string, unknown>>[]) => {
    for (let start = 0; start < rows.length; start += BATCH) {
      await store.transaction(async (trx) => {
        await trx
          .insertInto(table as 'users')
          .values(rows.slice(start, start + BATCH) as never)
          .execute()
      })
    }
  }

  await insertMany(
    'users',
    range(USERS).map((n) => ({
      uuid: newUuid(now),
      external_id: null,
      email: `user${n}@example.com`,
      username: `user${n}`,
      first_name: 'User',
      last_name: String(n),
      password_hash: null,
      must_change_password: 0,
      is_admin: 0,
      state: 'active',
      language: 'en',
      totp_secret_encrypted: null,
      totp_enabled_at: null,
      access_revision: 0,
      created_at: now,
      updated_at: now,
      revision: 1,
      lock_count: 0,
    })),
  )
  const users = (
    await store.db.selectFrom('users').select('id').where('username', 'like', 'user%').orderBy('id').execute()
  ).map(({ id }) => id)

  await insertMany('locations', [{ uuid: newUuid(now), name: 'Bench', description: '', created_at: now, revision: 1 }])
  const location = await store.db.selectFrom('locations').select('id').executeTakeFirstOrThrow()
  await insertMany(
    'nodes',
    range(NODES).map((n) => ({
      uuid: newUuid(now),
      location_id: location.id,
      name: `node${n}`,
      description: '',
      kind: 'agent',
      fqdn: `node${n}.example.com`,
      scheme: 'https',
      is_public: 1,
      is_behind_proxy: 0,
      is_maintenance: 0,
      memory_mib: 0,
      memory_overallocate_percent: 0,
      disk_mib: 0,
      disk_overallocate_percent: 0,
      cpu_percent: 0,
      upload_limit_mib: 100,
      daemon_port: 8080,
      daemon_sftp_port: 2022,
      daemon_base: '/',
      key_id: null,
      secret_encrypted: null,
      previous_key_id: null,
      previous_secret_encrypted: null,
      wings_token_id: null,
      wings_token_encrypted: null,
      installation: null,
      session_epoch: 0,
      instance: null,
      instance_address: null,
      panel_epoch: 0,
      generation_n: 0,
      is_recovery: 0,
      is_locked: 0,
      incarnation: null,
      stored_seq: 0,
      host: null,
      clock_offset_ms: 0,
      last_seen_at: null,
      created_at: now,
      revision: 1,
      lock_count: 0,
    })),
  )
  const nodes = (await store.db.selectFrom('nodes').select('id').orderBy('id').execute()).map(({ id }) => id)

  await insertMany('nests', [
    { uuid: newUuid(now), name: 'Bench', author: '', description: '', created_at: now, revision: 1 },
  ])
  const nest = await store.db.selectFrom('nests').select('id').executeTakeFirstOrThrow()
  const source = readFileSync(path.join(import.meta.dirname, '../test/eggs/egg-minetest.json'), 'utf8')
  const model = JSON.stringify((await parseEgg(source)).egg)
  await insertMany(
    'eggs',
    range(EGGS).map((n) => ({
      uuid: newUuid(now),
      nest_id: nest.id,
      source_uuid: null,
      name: `Egg ${n}`,
      author: 'bench@example.com',
      description: '',
      format: 'PTDL_v2',
      file_name: 'egg.json',
      source,
      model,
      created_at: now,
      updated_at: now,
      revision: 1,
    })),
  )
  const eggs = (await store.db.selectFrom('eggs').select('id').orderBy('id').execute()).map(({ id }) => id)

  const others = users.slice(1)
  const ownerOf = (n: number) => (n < OWNED ? users[0]! : others[Math.floor((n - OWNED) / OWNED) % others.length]!)
  const rows = range(servers).map((n) => {
    const uuid = newServerUuid()
    return {
      uuid,
      short_id: uuid.slice(0, 8),
      external_id: null,
      name: `Server ${n}`,
      description: 'A server of the benchmark',
      owner_id: ownerOf(n),
      team_id: null,
      node_id: nodes[n % NODES]!,
      egg_id: eggs[n % EGGS]!,
      primary_allocation_id: null,
      image: 'hatchery.test/minetest:bookworm',
      startup: './run',
      memory_mib: 2048,
      swap_mib: 0,
      disk_mib: 10_240,
      cpu_percent: 200,
      cpu_pinning: null,
      io_weight: 500,
      pids_limit: 512,
      oom_killer: 1,
      database_limit: 0,
      allocation_limit: 0,
      backup_limit: 0,
      skip_scripts: 0,
      process_state: 'offline',
      install_state: 'installed',
      is_deleting: 0,
      report_session_epoch: 0,
      report_state_seq: 0,
      run: 0,
      last_exit: null,
      generation_epoch: 1,
      generation_n: n + 1,
      authority_epoch: 1,
      operation_uuid: null,
      installed_at: now,
      created_at: now + n,
      updated_at: now,
      summary_revision: 1,
      revision: 1,
      lock_count: 0,
    }
  })
  await insertMany('servers', rows)
  const inserted = await store.db.selectFrom('servers').select(['id', 'owner_id', 'node_id']).orderBy('id').execute()
  await insertMany(
    'allocations',
    inserted.map(({ id, node_id }, n) => ({
      uuid: newUuid(now),
      node_id,
      ip: '192.0.2.1',
      port: 1024 + (Math.floor(n / NODES) % 60_000),
      alias: null,
      notes: null,
      server_id: id,
      created_at: now,
    })),
  )
  await store.transaction(async (trx) => {
    await trx
      .updateTable('servers')
      .set((eb) => ({
        primary_allocation_id: eb
          .selectFrom('allocations')
          .select('id')
          .whereRef('allocations.server_id', '=', 'servers.id')
          .limit(1),
      }))
      .execute()
  })
  await insertMany(
    'server_variables',
    inserted.flatMap(({ id }) =>
      range(VARIABLES).map((n) => ({ server_id: id, env_variable: `VAR_${n}`, value: `value ${n}` })),
    ),
  )
  await insertMany(
    'server_access',
    inserted.map(({ id, owner_id }) => ({ user_id: owner_id, server_id: id, source: 'owner', permissions: '["*"]' })),
  )
  const shared = inserted.slice(OWNED, OWNED + SHARED)
  const permissions = JSON.stringify(['websocket.connect', 'control.console', 'control.start'])
  await insertMany(
    'subusers',
    shared.map(({ id }) => ({
      uuid: newUuid(now),
      server_id: id,
      user_id: users[0]!,
      permissions,
      created_at: now,
      revision: 1,
    })),
  )
  await insertMany(
    'server_access',
    shared.map(({ id }) => ({ user_id: users[0]!, server_id: id, source: 'subuser', permissions })),
  )

  const tokens = range(sessions).map(() => randomBytes(32).toString('base64url'))
  await insertMany(
    'sessions',
    tokens.map((token, n) => ({
      uuid: newUuid(now),
      user_id: users[n % Math.min(users.length, Math.max(1, Math.floor(servers / OWNED)))]!,
      token_hash: createHash('sha256').update(token).digest('hex'),
      ip: '127.0.0.1',
      user_agent: 'bench',
      created_at: now,
      last_seen_at: now,
      expires_at: now + 86_400_000,
      revoked_at: null,
    })),
  )
  await store.close()
  return tokens
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n)
}
