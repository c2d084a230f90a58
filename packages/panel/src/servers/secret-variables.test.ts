import { createServer, getStartup, updateStartup } from '@hatchery/core/api'
import { parseEgg, type EggVariable } from '@hatchery/core/eggs'
import { AppError } from '@hatchery/core/errors'
import { describe, expect, test } from 'vitest'
import { createTestNode, LIMITS, TEST_EGG, type TestNode } from '../nodes/test-node.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { createTestPanel, DIALECTS, type TestPanel, type TestPanelOptions } from '../testing/test-panel.ts'
import { buildSpec } from './build-spec.ts'
import { loadSpecSource } from './load-spec.ts'
import { isSecretVariable } from './secret-variables.ts'

const PLANTED = 'planted-value-5Q'
const MARKED = 'planted-account-8W'

const variable = (envVariable: string, secret?: boolean): EggVariable => ({
  name: envVariable,
  description: '',
  envVariable,
  defaultValue: '',
  userViewable: true,
  userEditable: true,
  rules: ['nullable', 'string'],
  sort: 0,
  ...(secret !== undefined && { secret }),
  unknown: [],
})
const modelOf = async (variables: readonly EggVariable[]) =>
  JSON.stringify({ ...(await parseEgg(TEST_EGG)).egg, variables })
const VARIABLES = [variable('MOTD'), variable('RCON_PASSWORD'), variable('account', true)]

interface Server {
  readonly id: number
  readonly uuid: string
}

interface Guarded extends TestNode {
  readonly server: Server
  create(): Promise<Server>
}

/** A server of an egg with one secret by its name and one by its mark. */
async function withSecrets(options: TestPanelOptions): Promise<Guarded> {
  const node = await createTestNode({ ...options, isConnected: false })
  const egg = await node.panel.createEgg({ source: TEST_EGG, model: await modelOf(VARIABLES) })
  const create = async () => {
    const { body } = await node.client.call(createServer, {
      body: {
        egg: egg.uuid,
        node: node.node,
        name: 'Guarded',
        owner: node.admin.uuid,
        limits: LIMITS,
        startupCommand: './echo {{MOTD}} {{RCON_PASSWORD}} {{account}}',
        variables: { MOTD: 'moin', RCON_PASSWORD: PLANTED, account: MARKED },
      },
    })
    return serverOf(node.panel, body.server.id)
  }
  return Object.assign(node, { server: await create(), create })
}

const serverOf = ({ ctx }: TestPanel, uuid: string): Promise<Server> =>
  ctx.db.selectFrom('servers').select(['id', 'uuid']).where('uuid', '=', uuid).executeTakeFirstOrThrow()

async function storedOf({ ctx }: TestPanel, server: Server): Promise<Record<string, string>> {
  const rows = await ctx.db
    .selectFrom('server_variables')
    .select(['env_variable', 'value'])
    .where('server_id', '=', server.id)
    .execute()
  return Object.fromEntries(rows.map((row) => [row.env_variable, row.value]))
}

const store = ({ ctx }: TestPanel, server: Server, name: string, value: string) =>
  ctx.store.transaction((trx) =>
    trx
      .updateTable('server_variables')
      .set({ value })
      .where('server_id', '=', server.id)
      .where('env_variable', '=', name)
      .execute(),
  )

async function changeEgg({ ctx }: TestPanel, server: Server, variables: readonly EggVariable[]) {
  const model = await modelOf(variables)
  await ctx.store.transaction((trx) =>
    trx
      .updateTable('eggs')
      .set({ model })
      .where('id', '=', (eb) => eb.selectFrom('servers').select('egg_id').where('id', '=', server.id))
      .execute(),
  )
}

async function specOf({ ctx }: TestPanel, server: Server) {
  const source = await loadSpecSource(ctx, server.id)
  if (!source) throw new Error('The server is gone.')
  return buildSpec(source)
}

async function startupOf({ client, server }: Guarded) {
  const { body } = await client.call(getStartup, { params: { server: server.uuid } })
  return { ...body, values: Object.fromEntries(body.variables.map(({ envVariable, value }) => [envVariable, value])) }
}

const set = ({ client, server }: Guarded, variables: Record<string, string>) =>
  client.call(updateStartup, { params: { server: server.uuid }, body: { variables } })

for (const dialect of DIALECTS) {
  describe(`secret variables on ${dialect}`, () => {
    test('are sealed in the database, and in clear where they are used, also after a restart of the panel', async () => {
      await using database = await openTestDatabase(dialect)
      const expected = { MOTD: 'moin', RCON_PASSWORD: PLANTED, account: MARKED }
      let server: Server
      {
        await using at = await withSecrets({ database: database.store })
        server = at.server
        const rows = await storedOf(at.panel, server)
        expect(rows['MOTD']).toBe('moin')
        expect(JSON.stringify(rows)).not.toContain(PLANTED)
        expect(JSON.stringify(rows)).not.toContain(MARKED)

        const spec = await specOf(at.panel, server)
        expect(spec.environment).toMatchObject({ ...expected, ACCOUNT: MARKED })
        expect(spec.secretVariables).toEqual(['RCON_PASSWORD', 'account', 'ACCOUNT'])
        const startup = await startupOf(at)
        expect(startup.values).toEqual(expected)
        expect(startup.preview).toBe('./echo moin •••••• ••••••')
      }
      await using restarted = await createTestPanel({ database: database.store })
      expect((await specOf(restarted, server)).environment).toMatchObject(expected)
    })

    test('keep their value when another one changes, and are sealed anew when they change', async () => {
      await using at = await withSecrets({ dialect })
      expect((await set(at, { MOTD: 'hello' })).status).toBe(200)
      expect((await startupOf(at)).values).toEqual({ MOTD: 'hello', RCON_PASSWORD: PLANTED, account: MARKED })
      expect((await set(at, { RCON_PASSWORD: 'planted-later-2E' })).status).toBe(200)
      expect((await specOf(at.panel, at.server)).environment['RCON_PASSWORD']).toBe('planted-later-2E')
      expect(JSON.stringify(await storedOf(at.panel, at.server))).not.toContain('planted')
    })

    test('do not open in the row of another server or of another variable', async () => {
      await using at = await withSecrets({ dialect })
      const { panel, server } = at
      const other = await at.create()
      const sealed = (await storedOf(panel, server))['RCON_PASSWORD']!
      for (const [of, name] of [
        [other, 'RCON_PASSWORD'],
        [server, 'account'],
      ] as const) {
        await store(panel, of, name, sealed)
        const error = await loadSpecSource(panel.ctx, of.id).catch((caught: unknown) => caught)
        expect(error).toBeInstanceOf(AppError)
        expect((error as AppError).cause).toMatchObject({
          message: `The secret server_variables:value:${of.uuid}:${name} does not open: it was changed or belongs to another place.`,
        })
        expect(await at.client.refusal(getStartup, { params: { server: of.uuid } })).toBe('INTERNAL')
      }
    })

    test('of an older panel lie in clear, work, and are sealed by the next change', async () => {
      await using at = await withSecrets({ dialect })
      await store(at.panel, at.server, 'RCON_PASSWORD', 'v1.older-value')
      expect((await specOf(at.panel, at.server)).environment['RCON_PASSWORD']).toBe('v1.older-value')
      await set(at, { MOTD: 'hello' })
      expect((await storedOf(at.panel, at.server))['RCON_PASSWORD']).not.toContain('older-value')
      expect((await startupOf(at)).values['RCON_PASSWORD']).toBe('v1.older-value')
    })

    test('become secret, and are no longer, with an update of the egg', async () => {
      await using at = await withSecrets({ dialect })
      await changeEgg(at.panel, at.server, [variable('MOTD', true), variable('RCON_PASSWORD', false), VARIABLES[2]!])
      const values = { MOTD: 'moin', RCON_PASSWORD: PLANTED, account: MARKED }
      expect((await startupOf(at)).values).toEqual(values)
      await set(at, {})
      const rows = await storedOf(at.panel, at.server)
      expect(rows['MOTD']).not.toContain('moin')
      expect(rows['RCON_PASSWORD']).toBe(PLANTED)
      expect((await startupOf(at)).values).toEqual(values)
    })

    test('an ordinary value that looks sealed comes back as it was given', async () => {
      await using at = await withSecrets({ dialect })
      const sealed = (await storedOf(at.panel, at.server))['RCON_PASSWORD']!
      expect((await set(at, { MOTD: sealed })).status).toBe(200)
      expect((await startupOf(at)).values['MOTD']).toBe(sealed)
    })
  })
}

test('a variable is secret by its mark, whatever its form, else by its name', () => {
  expect(isSecretVariable(variable('RCON_PASSWORD'))).toBe(true)
  expect(isSecretVariable({ ...variable('EDITION', true), rules: ['in:a,b'] })).toBe(true)
  expect(isSecretVariable(variable('MAP_TOKENS', false))).toBe(false)
  expect(isSecretVariable(variable('MOTD'))).toBe(false)
})
