import { parseEgg } from '@hatchery/core/eggs'
import { hash } from '@node-rs/argon2'
import type { Context } from '../context.ts'
import { newServerUuid, newUuid } from '../storage/uuid.ts'
import { insertUser } from '../users/write-user.ts'
import type { TestServer, TestUser } from './test-panel.ts'

/** Of every user that tests make. */
export const TEST_PASSWORD = 'correct horse battery'

/** The smallest egg that a server can be made from. */
const TEST_EGG = JSON.stringify({
  meta: { version: 'PTDL_v2', update_url: null },
  exported_at: '2026-01-01T00:00:00+00:00',
  name: 'Test',
  author: 'tests@example.com',
  description: '',
  features: ['eula', 'java_version'],
  docker_images: { 'example/image:latest': 'example/image:latest' },
  file_denylist: [],
  startup: './run {{GREETING}}',
  config: { files: '{}', startup: '{"done": "ready"}', logs: '{}', stop: 'stop' },
  scripts: { installation: { script: 'true', container: 'example/image:latest', entrypoint: 'sh' } },
  variables: [
    {
      name: 'Greeting',
      description: '',
      env_variable: 'GREETING',
      default_value: 'hello',
      user_viewable: true,
      user_editable: true,
      rules: 'required|string|max:20',
      field_type: 'text',
    },
  ],
})

let testModel: string | undefined
let passwordHash: Promise<string> | undefined
let counter = 0
const next = () => ++counter

/** Makes rows as an import would: whole, valid and without any service. */
export class Factories {
  readonly #ctx: Context

  constructor(ctx: Context) {
    this.#ctx = ctx
  }

  async user(values: Partial<{ username: string; email: string; isAdmin: boolean }> = {}): Promise<TestUser> {
    const username = values.username ?? `user${next()}`
    const email = values.email ?? `${username}@example.com`
    // Weak on purpose: tests sign in often.
    const stored = await (passwordHash ??= hash(TEST_PASSWORD, { memoryCost: 1024, timeCost: 1, parallelism: 1 }))
    const id = await this.#ctx.store.transaction((trx) =>
      insertUser(this.#ctx, trx, { username, email, passwordHash: stored, isAdmin: values.isAdmin ?? false }),
    )
    const { uuid } = await this.#ctx.db
      .selectFrom('users')
      .select('uuid')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return { id, uuid, email, username, password: TEST_PASSWORD }
  }

  async node(values: Readonly<Record<string, unknown>> = {}): Promise<{ id: number; uuid: string }> {
    const { now } = this.#ctx
    const uuid = newUuid()
    const id = await this.#ctx.store.transaction(async (trx) => {
      const location = values['location_id'] ?? (await this.#ctx.store.insertId(trx, 'locations', this.#location()))
      return this.#ctx.store.insertId(trx, 'nodes', {
        uuid,
        location_id: location,
        name: `node${next()}`,
        description: '',
        kind: 'agent',
        fqdn: '127.0.0.1',
        scheme: 'http',
        is_public: 1,
        is_behind_proxy: 0,
        is_maintenance: 0,
        memory_mib: 65_536,
        memory_overallocate_percent: 0,
        disk_mib: 1_000_000,
        disk_overallocate_percent: 0,
        cpu_percent: 0,
        upload_limit_mib: 100,
        daemon_port: 8080,
        daemon_sftp_port: 2022,
        daemon_base: '',
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
        panel_epoch: 1,
        generation_n: 0,
        is_recovery: 0,
        is_locked: 0,
        incarnation: null,
        stored_seq: 0,
        host: null,
        clock_offset_ms: 0,
        last_seen_at: null,
        created_at: now(),
        revision: 1,
        lock_count: 0,
        ...values,
      })
    })
    return { id, uuid: (values['uuid'] as string | undefined) ?? uuid }
  }

  async egg(values: Readonly<Record<string, unknown>> = {}): Promise<{ id: number; uuid: string }> {
    const at = this.#ctx.now()
    const uuid = newUuid()
    const id = await this.#ctx.store.transaction(async (trx) => {
      const nest = { uuid: newUuid(), name: `nest${next()}`, author: '', description: '', created_at: at, revision: 1 }
      return this.#ctx.store.insertId(trx, 'eggs', {
        uuid,
        nest_id: values['nest_id'] ?? (await this.#ctx.store.insertId(trx, 'nests', nest)),
        source_uuid: null,
        name: `egg${next()}`,
        author: 'tests@example.com',
        description: '',
        format: 'PTDL_v2',
        file_name: 'egg.json',
        source: TEST_EGG,
        model: (testModel ??= JSON.stringify((await parseEgg(TEST_EGG)).egg)),
        created_at: at,
        updated_at: at,
        revision: 1,
        ...values,
      })
    })
    return { id, uuid: (values['uuid'] as string | undefined) ?? uuid }
  }

  async server(owner: TestUser, values: Readonly<Record<string, unknown>> = {}): Promise<TestServer> {
    const nodeId = (values['node_id'] as number | undefined) ?? (await this.node()).id
    const eggId = (values['egg_id'] as number | undefined) ?? (await this.egg()).id
    const uuid = newServerUuid()
    const at = this.#ctx.now()
    const { store } = this.#ctx
    const id = await store.transaction(async (trx) => {
      const server = await store.insertId(trx, 'servers', {
        ...this.#server(uuid, at),
        owner_id: owner.id,
        node_id: nodeId,
        egg_id: eggId,
        ...values,
      })
      const allocation = await store.insertId(trx, 'allocations', {
        uuid: newUuid(),
        node_id: nodeId,
        ip: '127.0.0.1',
        port: 20_000 + next(),
        alias: null,
        notes: null,
        server_id: server,
        created_at: at,
      })
      await trx.updateTable('servers').set({ primary_allocation_id: allocation }).where('id', '=', server).execute()
      const access = { user_id: owner.id, server_id: server, source: 'owner', permissions: '["*"]' }
      await trx.insertInto('server_access').values(access).execute()
      return server
    })
    return { id, uuid, shortId: uuid.slice(0, 8), nodeId, eggId }
  }

  async grant(user: TestUser, server: TestServer, permissions: readonly string[]): Promise<void> {
    const list = JSON.stringify(permissions)
    const at = this.#ctx.now()
    await this.#ctx.store.transaction(async (trx) => {
      const subuser = { uuid: newUuid(), server_id: server.id, user_id: user.id, permissions: list, created_at: at }
      await trx
        .insertInto('subusers')
        .values({ ...subuser, revision: 1 })
        .execute()
      const access = { user_id: user.id, server_id: server.id, source: 'subuser', permissions: list }
      await trx.insertInto('server_access').values(access).execute()
    })
  }

  #location() {
    return { uuid: newUuid(), name: `location${next()}`, description: '', created_at: this.#ctx.now(), revision: 1 }
  }

  #server(uuid: string, at: number) {
    return {
      uuid,
      short_id: uuid.slice(0, 8),
      external_id: null,
      name: `server${next()}`,
      description: '',
      team_id: null,
      primary_allocation_id: null,
      image: 'example/image:latest',
      startup: './run',
      memory_mib: 1024,
      swap_mib: 0,
      disk_mib: 10_240,
      cpu_percent: 100,
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
      generation_n: 1,
      authority_epoch: 1,
      operation_uuid: null,
      installed_at: at,
      created_at: at,
      updated_at: at,
      summary_revision: 1,
      revision: 1,
      lock_count: 0,
    }
  }
}
