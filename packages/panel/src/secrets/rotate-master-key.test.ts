import { fork, type ChildProcess } from 'node:child_process'
import { link, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rotateNodeSecret } from '@hatchery/core/api'
import { sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { runCommand } from '../cli/run-command.ts'
import { createPanel } from '../create-panel.ts'
import { createTestNode } from '../nodes/test-node.ts'
import { openVariable, sealVariable } from '../servers/secret-variables.ts'
import { openStore } from '../storage/open-store.ts'
import type { Store } from '../storage/store.ts'
import { noServices } from '../testing/no-services.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'
import { createSecretBox, isSealed } from './aes-secret-box.ts'
import { checkMasterKey } from './check-master-key.ts'
import { beginKeyRotation, endKeyRotation, loadMasterKey, loadPreviousMasterKey } from './master-key.ts'
import { rotateMasterKey } from './rotate-master-key.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'

const log = pino({ level: 'silent' })
const now = Date.now

async function temporary() {
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-rotate-'))
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

/** Every sealed value of the database, wherever it stands. */
async function sealedValues(store: Store): Promise<readonly string[]> {
  const found: string[] = []
  for (const table of await store.db.introspection.getTables()) {
    for (const { name } of table.columns) {
      const { rows } = await sql<{
        value: unknown
      }>`select ${sql.ref(name)} as value from ${sql.table(table.name)}`.execute(store.db)
      found.push(
        ...(rows.map(({ value }) => value).filter((value) => typeof value === 'string' && isSealed(value)) as string[]),
      )
    }
  }
  return found
}

const keyIds = async (store: Store) => new Set((await sealedValues(store)).map((value) => value.split('.')[1]))

/** A panel in use: a node with two secrets, a secret variable, an answer kept for a repeated request. @returns the server */
async function useSecrets(database: string, masterKey: { readonly directory: string }): Promise<string> {
  await using node = await createTestNode({ database, masterKey })
  const { ctx } = node.panel
  const { id: uuid } = await node.createServer()
  const value = sealVariable(ctx, uuid, { name: 'PASSWORD', value: 'hunter2', isSecret: true })
  await ctx.store.transaction(async (trx) => {
    const { id } = await trx.selectFrom('servers').select('id').where('uuid', '=', uuid).executeTakeFirstOrThrow()
    await trx.insertInto('server_variables').values({ server_id: id, env_variable: 'PASSWORD', value }).execute()
  })
  await node.client.call(rotateNodeSecret, { params: { node: node.node }, headers: { 'idempotency-key': 'once' } })
  return uuid
}

for (const dialect of DIALECTS) {
  test(`the master key is replaced, and every secret opens under the new one alone (${dialect})`, async () => {
    await using place = await temporary()
    await using database = await openTestDatabase(dialect)
    const masterKey = { directory: place.directory }
    const server = await useSecrets(database.url, masterKey)
    const before = await keyIds(database.store)
    expect(before.size).toBe(1)
    const old = await loadMasterKey(place.directory)

    const { resealed, unreadable } = await rotateMasterKey({ ...masterKey, database: database.url, now, log })
    expect(unreadable).toEqual([])
    expect(resealed).toBe((await sealedValues(database.store)).length)
    expect(resealed).toBeGreaterThanOrEqual(5)
    const after = await keyIds(database.store)
    expect(after.size).toBe(1)
    expect([...after]).not.toEqual([...before])
    expect(Buffer.from(await loadMasterKey(place.directory)).equals(old)).toBe(false)
    expect((await readdir(place.directory)).filter((name) => name.startsWith('master.key'))).toEqual(['master.key'])

    await using panel = await createTestPanel({ database: database.url, masterKey, services: noServices })
    const { value } = await panel.ctx.db
      .selectFrom('server_variables')
      .select('value')
      .where('env_variable', '=', 'PASSWORD')
      .executeTakeFirstOrThrow()
    expect(openVariable(panel.ctx, server, 'PASSWORD', value)).toBe('hunter2')
    const withOld = checkMasterKey(database.store, createSecretBox(old), 1)
    await expect(withOld).rejects.toThrow('made with another master key')
  })
}

test('every encrypted column of the tables is on the list', async () => {
  await using database = await openTestDatabase('sqlite')
  const listed = new Set(SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`))
  const tables = await database.store.db.introspection.getTables()
  const encrypted = tables.flatMap(({ name, columns }) =>
    columns.filter((column) => /_encrypted$|^credentials$/.test(column.name)).map((column) => `${name}.${column.name}`),
  )
  expect(encrypted.length).toBeGreaterThanOrEqual(6)
  expect(encrypted.filter((column) => !listed.has(column))).toEqual([])
})

describe('a rotation that is cut off', () => {
  test('while the key file changes, leaves every key that is needed, and goes on', async () => {
    await using place = await temporary()
    const { directory } = place
    const old = Buffer.from(await loadMasterKey(directory)).toString('hex')
    const keys = async () => [await loadMasterKey(directory), await loadPreviousMasterKey(directory)]
    const hex = (key: Uint8Array | null) => (key ? Buffer.from(key).toString('hex') : null)
    // The moment after the old key was kept and before the new one is in force.
    await link(join(directory, 'master.key'), join(directory, 'master.key.previous'))
    await beginKeyRotation(directory)
    const [current, previous] = await keys()
    expect(hex(previous!)).toBe(old)
    expect(hex(current!)).not.toBe(old)
    // Once under way, nothing is made anew.
    await beginKeyRotation(directory)
    expect((await keys()).map(hex)).toEqual([hex(current!), old])
    await endKeyRotation(directory)
    expect((await keys()).map(hex)).toEqual([hex(current!), null])
  })

  test('by a kill at any step, loses nothing and is ended by the next run', { timeout: 120_000 }, async () => {
    await using place = await temporary()
    const { directory } = place
    const url = `sqlite:${join(directory, 'panel.sqlite')}`
    const old = createSecretBox(await loadMasterKey(directory))
    const servers = await seed(url, old, 2600)

    let runs = 0
    for (let steps = 1; ; steps += 4) {
      runs++
      const isEnded = await runUntilStep(directory, url, steps)
      const store = await openStore(url)
      const previous = await loadPreviousMasterKey(directory)
      const both = createSecretBox(await loadMasterKey(directory), previous ? [previous] : [])
      await checkMasterKey(store, both, 1)
      for (const { name, value } of await variablesOf(store)) {
        expect(openVariable({ secrets: both }, servers.uuid, name, value)).toBe(`secret of ${name}`)
      }
      const ids = await keyIds(store)
      await store.close()
      if (!isEnded) continue
      expect(previous).toBeNull()
      expect(ids.size).toBe(1)
      break
    }
    expect(runs).toBeGreaterThan(2)
  })

  test('is refused while a panel has the database, and where there is no key', async () => {
    await using place = await temporary()
    await using elsewhere = await temporary()
    const database = `sqlite:${join(place.directory, 'panel.sqlite')}`
    const masterKey = { directory: place.directory }
    const panel = await createPanel({ database, masterKey, log: 'silent', services: noServices })
    await expect(rotateMasterKey({ ...masterKey, database, now, log })).rejects.toThrow('used by another process')
    await panel.close()
    const wrong = rotateMasterKey({ directory: elsewhere.directory, database, now, log })
    await expect(wrong).rejects.toThrow('There is no')
    await loadMasterKey(elsewhere.directory)
    const other = rotateMasterKey({ directory: elsewhere.directory, database, now, log })
    await expect(other).rejects.toThrow('another master key')
    expect(await readdir(elsewhere.directory)).toEqual(['master.key'])
    expect((await readFile(join(place.directory, 'master.key'))).length).toBeGreaterThan(40)
  })

  test('says what does not open, and keeps the key before', async () => {
    await using place = await temporary()
    const { directory } = place
    const url = `sqlite:${join(directory, 'panel.sqlite')}`
    const box = createSecretBox(await loadMasterKey(directory))
    const { uuid } = await seed(url, box, 3)
    const store = await openStore(url)
    const moved = box.encrypt('x', 'somewhere:else:1')
    await store.transaction((trx) =>
      trx.updateTable('server_variables').set({ value: moved }).where('env_variable', '=', 'V1').execute(),
    )
    await store.close()
    const place1 = `server_variables:value:${uuid}:V1`
    expect(await rotateMasterKey({ directory, database: url, now, log })).toEqual({ resealed: 3, unreadable: [place1] })
    expect(await loadPreviousMasterKey(directory)).not.toBeNull()

    const said: string[] = []
    const stream = { write: (text: string) => said.push(text), isTTY: false } as unknown as NodeJS.WriteStream
    const io = { env: {}, stdout: stream, stderr: stream, now, interrupted: new Promise<string>(() => undefined) }
    const run = () => runCommand(['master-key', 'rotate', '--data-dir', directory], io)
    expect(await run()).toBe(1)
    expect(said.join('')).toContain(place1)
    await forget(url)
    expect(await run()).toBe(0)
    expect(said.at(-1)).toContain('under the new master.key')
    expect(await loadPreviousMasterKey(directory)).toBeNull()
  })
})

async function forget(url: string): Promise<void> {
  const store = await openStore(url)
  await store.transaction((trx) => trx.deleteFrom('server_variables').where('env_variable', '=', 'V1').execute())
  await store.close()
}

async function variablesOf(store: Store): Promise<readonly { name: string; value: string }[]> {
  return store.db.selectFrom('server_variables').select(['env_variable as name', 'value']).execute()
}

/** A database with one server and this many secret variables. */
async function seed(
  url: string,
  secrets: ReturnType<typeof createSecretBox>,
  count: number,
): Promise<{ uuid: string }> {
  await using panel = await createTestPanel({ database: url, masterKey: await keyOf(url), services: noServices })
  const server = await panel.createServer(await panel.createUser())
  await panel.ctx.store.transaction(async (trx) => {
    for (let index = 0; index < count; index++) {
      const name = `V${index}`
      const value = sealVariable({ secrets }, server.uuid, { name, value: `secret of ${name}`, isSecret: true })
      await trx.insertInto('server_variables').values({ server_id: server.id, env_variable: name, value }).execute()
    }
  })
  return { uuid: server.uuid }
}

const keyOf = (url: string) => loadMasterKey(join(url.slice('sqlite:'.length), '..'))

/** Runs a rotation in a process of its own and kills it after this many steps. @returns whether it had ended before */
async function runUntilStep(directory: string, database: string, steps: number): Promise<boolean> {
  const script = `import { pino } from 'pino'
    import { rotateMasterKey } from ${JSON.stringify(new URL('rotate-master-key.ts', import.meta.url).href)}
    const [directory, database] = ${JSON.stringify([directory, database])}
    await rotateMasterKey({
      directory, database, now: Date.now, log: pino({ level: 'silent' }), onProgress: () => process.send('step'),
    })
    process.send('ended')
    process.disconnect()`
  const child = fork('-', { execArgv: ['--conditions=@hatchery/source', '--input-type=module', '--eval', script] })
  return endOf(child, steps)
}

function endOf(child: ChildProcess, steps: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let seen = 0
  let isEnded = false
  child.on('message', (message) => {
    if (message === 'ended') isEnded = true
    else if (++seen === steps) child.kill('SIGKILL')
  })
  child.once('exit', () => resolve(isEnded))
  return promise
}
