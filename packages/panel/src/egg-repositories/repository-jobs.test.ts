import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  cancelOperation,
  getEggRepository,
  getOperation,
  installRepositoryEggs,
  listEggs,
  syncEggRepository,
  updateEggRepository,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import type { Context } from '../context.ts'
import { until } from '../nodes/until.ts'
import { createAddressPolicy } from '../outbound/address-policy.ts'
import { PUBLIC_ADDRESS } from '../outbound/test-web.ts'
import { openTestDatabase } from '../testing/test-database.ts'
import { createTestPanel, DIALECTS } from '../testing/test-panel.ts'
import { JobLostError, leaseName } from './repository-job.ts'
import { RepositoryWorker } from './repository-worker.ts'
import { hasGitServer } from './git/git-server.test-data.ts'
import { eggNamed, openRepositoryStage, type RepositoryStage } from './test-stage.ts'
import { writeJob, type NewJob } from './write-job.ts'

const syncs = async ({ panel }: RepositoryStage) => {
  const rows = await panel.ctx.db
    .selectFrom('operations')
    .select(['status', 'user_id'])
    .where('kind', '=', 'egg-repository.sync')
    .orderBy('id')
    .execute()
  return rows.map(({ status, user_id }) => `${status} ${user_id === null ? 'by itself' : 'asked'}`)
}

/** Lets the git server wait with its next answer until it is told to give it. */
function holdAnswers({ server }: RepositoryStage) {
  const { promise, resolve } = Promise.withResolvers<{ readonly closed: Promise<unknown> }>()
  let answer = (): void => undefined
  server.answer = (request, response) => {
    answer = () => server.serve(request, response)
    resolve({ closed: once(request.socket, 'close') })
  }
  return {
    asked: promise,
    answer: () => {
      server.answer = null
      answer()
    },
  }
}

for (const dialect of DIALECTS) {
  describe.skipIf(!hasGitServer)(`jobs of egg repositories on ${dialect}`, () => {
    test('are due by themselves, and done once by several workers', async () => {
      await using stage = await openRepositoryStage({ dialect })
      const { panel, client, upstream, server } = stage
      const others = [1, 2, 3].map(() => new RepositoryWorker(panel.ctx))
      for (const worker of others) worker.start()
      upstream.commit({ 'egg-echo.json': eggNamed('Echo') })
      const { id: repository } = await stage.add({ syncEveryMinutes: 60 })
      const read = async () => (await client.call(getEggRepository, { params: { repository } })).body
      expect(await read()).toMatchObject({ syncEveryMinutes: 60, nextSyncAt: panel.clock.now() + 3_600_000 })
      expect(await syncs(stage)).toEqual(['succeeded asked'])
      stage.nudge()
      panel.clock.advance(3_600_000)
      upstream.commit({ 'egg-echo.json': eggNamed('Echo'), 'egg-new.json': eggNamed('New') })
      const before = server.requests.length
      stage.nudge()
      await until(async () => (await read()).eggCount === 2 && (await read()).status === 'synced')
      expect(await syncs(stage)).toEqual(['succeeded asked', 'succeeded by itself'])
      expect(server.requests.slice(before)).toEqual(['GET /games/.git/info/refs', 'POST /games/.git/git-upload-pack'])
      expect((await read()).nextSyncAt).toBe(panel.clock.now() + 3_600_000)

      // A failure is tried again when the next one is due.
      server.answer = (_request, response) => void response.writeHead(500).end()
      panel.clock.advance(3_600_000)
      stage.nudge()
      await until(async () => (await read()).status === 'failed')
      server.answer = null
      panel.clock.advance(3_600_000)
      stage.nudge()
      await until(async () => (await read()).status === 'synced')
      await client.call(updateEggRepository, { params: { repository }, body: { syncEveryMinutes: null } })
      expect((await read()).nextSyncAt).toBeNull()
      for (const worker of others) await worker.close()
    })

    test('that hang are cancelled, and others take their place', async () => {
      await using stage = await openRepositoryStage({ dialect })
      const { client, upstream } = stage
      upstream.commit({ 'egg-echo.json': eggNamed('Echo') })
      const { id: repository } = await stage.add()
      const held = holdAnswers(stage)
      const { operation } = (await client.call(syncEggRepository, { params: { repository } })).body
      const { closed } = await held.asked
      const running = (await client.call(getOperation, { params: { operation } })).body
      expect(running).toMatchObject({ status: 'running', phase: 'connecting', canCancel: true })
      expect((await client.call(cancelOperation, { params: { operation } })).status).toBe(202)
      await closed
      expect(await stage.finished(operation)).toMatchObject({ status: 'cancelled' })
      held.answer()
      expect(await stage.sync(repository)).toMatchObject({ status: 'succeeded' })
    })

    test('of a worker that has lost its lease change nothing any more, and the next one does them', async () => {
      await using stage = await openRepositoryStage({ dialect })
      const { panel, client, upstream } = stage
      upstream.commit({ 'egg-echo.json': eggNamed('Echo') })
      const { id: repository } = await stage.add()
      upstream.commit({ 'egg-echo.json': eggNamed('Echo'), 'egg-new.json': eggNamed('New') })
      const held = holdAnswers(stage)
      const operation = await writeUnheard(stage, { kind: 'egg-repository.sync', params: { repository } })
      const { ctx, lost } = watchedContext(panel.ctx)
      const slow = new RepositoryWorker(ctx)
      slow.start()
      await held.asked
      await setLease(stage, repository, { holder: 'another machine/1/x', isNext: true })
      held.answer()
      await lost
      expect((await stage.eggs(repository)).map(({ name }) => name)).toEqual(['Echo'])
      expect((await client.call(getOperation, { params: { operation } })).body.status).toBe('running')
      await slow.close()

      await setLease(stage, repository, { expires_at: 0 })
      stage.nudge()
      expect(await stage.finished(operation)).toMatchObject({ status: 'succeeded' })
      expect((await stage.eggs(repository)).map(({ name }) => name)).toEqual(['Echo', 'New'])
    })
  })
}

const redis = process.env['HATCHERY_TEST_REDIS']

for (const dialect of DIALECTS.filter((name) => name !== 'sqlite')) {
  describe.skipIf(!hasGitServer || redis === undefined)(`two panels on ${dialect}`, () => {
    test('share the jobs: what one of them leaves undone when it stops, the other one does', async () => {
      await using database = await openTestDatabase(dialect)
      const shared = { database: database.store, redis: redis! }
      await using stage = await openRepositoryStage(shared)
      const { client, upstream, server } = stage
      upstream.commit({ 'egg-echo.json': eggNamed('Echo') })
      const { id: repository } = await stage.add()
      upstream.commit({ 'egg-echo.json': eggNamed('Echo'), 'egg-new.json': eggNamed('New') })
      const held = holdAnswers(stage)
      const { operation } = (await client.call(syncEggRepository, { params: { repository } })).body
      await held.asked
      const outbound = { policy: createAddressPolicy([PUBLIC_ADDRESS]), ca: server.ca }
      await using second = await createTestPanel({ ...shared, outbound })
      const statusOf = async () => {
        const rows = second.ctx.db.selectFrom('operations').select('status').where('uuid', '=', operation)
        return (await rows.executeTakeFirstOrThrow()).status
      }
      expect(await statusOf()).toBe('running')
      server.answer = null
      await stage.panel.panel.close()
      second.ctx.bus.publish('operations', { uuid: '', isPanelJob: true })
      await until(async () => (await statusOf()) === 'succeeded')
      const names = await second.ctx.db.selectFrom('egg_repository_eggs').select('name').orderBy('name').execute()
      expect(names).toEqual([{ name: 'Echo' }, { name: 'New' }])
    })
  })
}

const unheard = { publish: () => undefined, subscribe: () => () => undefined, onReconnect: () => () => undefined }
/** A bus that nobody else is on: the panel's own worker does not hear of what is done here. */
const ownBus: Context['bus'] = { ...unheard, close: async () => undefined }

async function writeUnheard({ panel }: RepositoryStage, job: Pick<NewJob, 'kind' | 'params'>): Promise<string> {
  const { id } = await panel.ctx.db.selectFrom('egg_repositories').select('id').executeTakeFirstOrThrow()
  const ctx = { bus: ownBus, now: panel.ctx.now }
  return panel.ctx.store.transaction((trx, afterCommit) =>
    writeJob(ctx, { trx, afterCommit }, id, { ...job, userId: null, permission: 'admin:eggs.create' }),
  )
}

async function setLease(
  { panel }: RepositoryStage,
  repository: string,
  { holder, expires_at, isNext = false }: { holder?: string; expires_at?: number; isNext?: boolean },
): Promise<void> {
  await panel.ctx.store.transaction((trx) =>
    trx
      .updateTable('leases')
      .set((eb) => ({
        ...(holder !== undefined && { holder }),
        ...(expires_at !== undefined && { expires_at }),
        ...(isNext && { token: eb('token', '+', 1) }),
      }))
      .where('name', '=', leaseName(repository))
      .execute(),
  )
}

/** @param before called before each transaction; what it throws stops the transaction */
function contextWith(ctx: Context, before: () => void, onError: (error: unknown) => void = () => undefined): Context {
  const store: Context['store'] = {
    ...ctx.store,
    async transaction(work) {
      before()
      try {
        return await ctx.store.transaction(work)
      } catch (error) {
        onError(error)
        throw error
      }
    },
  }
  return { ...ctx, store, bus: ownBus }
}

function watchedContext(ctx: Context) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const onError = (error: unknown) => {
    if (error instanceof JobLostError) resolve()
  }
  return { ctx: contextWith(ctx, () => undefined, onError), lost: promise }
}

/** The context of a process that dies at its n-th transaction. */
function dyingContext(ctx: Context, transactions: number) {
  let left = transactions
  const { promise, resolve } = Promise.withResolvers<void>()
  const before = () => {
    if (left-- > 0) return
    resolve()
    throw new Error('dead')
  }
  return { ctx: contextWith(ctx, before), died: promise }
}

describe.skipIf(!hasGitServer)('an installation', () => {
  test('that was interrupted anywhere ends with every egg once', async () => {
    await using stage = await openRepositoryStage()
    const { panel, client, upstream, nest } = stage
    const names = Array.from({ length: 12 }, (_, index) => `Egg ${String(index).padStart(2, '0')}`)
    upstream.commit(Object.fromEntries(names.map((name) => [`egg-${name}.json`, eggNamed(name)])))
    const { id: repository } = await stage.add()
    const eggs = (await stage.eggs(repository)).map(({ id }) => id)
    for (let transactions = 1; transactions <= 15; transactions += 2) {
      const { ctx, died } = dyingContext(panel.ctx, transactions)
      const dying = new RepositoryWorker(ctx)
      const params = { repository, nest, eggs }
      const operation = await writeUnheard(stage, { kind: 'egg-repository.install', params })
      dying.start()
      await died
      await dying.close()
      stage.nudge()
      expect(await stage.finished(operation), String(transactions)).toMatchObject({ status: 'succeeded' })
      const installed = (await client.call(listEggs, { query: { limit: 100, nest } })).body.data
      expect(installed.map(({ name }) => name)).toEqual(names)
      await panel.ctx.store.transaction((trx) => trx.deleteFrom('eggs').execute())
    }
  })
})

const corpus = new URL('../../../../../shared/eggs/', import.meta.url)
const corpusRoot = process.env['HATCHERY_EGGS'] ?? fileURLToPath(corpus)
const hasCorpus = existsSync(join(corpusRoot, 'manifest.json'))
if (!hasCorpus) console.log(`skipped: a repository of the egg corpus (no ${corpusRoot}; set HATCHERY_EGGS)`)

describe.skipIf(!hasGitServer || !hasCorpus)('a large repository', () => {
  test('of every egg that there is is read, shown page by page and installed whole', async () => {
    const manifest = JSON.parse(readFileSync(join(corpusRoot, 'manifest.json'), 'utf8')) as {
      readonly files: readonly { readonly path: string; readonly valid: boolean }[]
    }
    const files = manifest.files.map(({ path }) => [path, readFileSync(join(corpusRoot, 'corpus', path))] as const)
    const valid = manifest.files.filter((file) => file.valid).map(({ path }) => path)
    await using stage = await openRepositoryStage()
    const { client, upstream, nest } = stage
    upstream.commit({ ...Object.fromEntries(files), 'egg-huge.json': Buffer.alloc(2_000_000, ' ') })
    const { id: repository } = await stage.add()
    const eggs = await stage.eggs(repository, 'available')
    expect(eggs.map(({ path }) => path).toSorted()).toEqual(valid.toSorted())
    expect((await stage.eggs(repository, 'unreadable')).map(({ path }) => path)).toContain('egg-huge.json')
    const body = { nest, eggs: eggs.map(({ id }) => id) }
    const { operation } = (await client.call(installRepositoryEggs, { params: { repository }, body })).body
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const reports: unknown[] = []
    const unsubscribe = stage.panel.ctx.bus.subscribe('operations', (hint) => reports.push(hint))
    expect(await stage.finished(operation)).toMatchObject({ status: 'succeeded' })
    unsubscribe()
    clearInterval(timer)
    // Others get their turn meanwhile, also on SQLite, which lets nobody wait.
    expect(turns).toBeGreaterThan(valid.length / 20)
    // It says how far it is, now and then.
    expect(reports.length).toBeGreaterThan(valid.length / 20)
    expect((await client.call(getEggRepository, { params: { repository } })).body).toMatchObject({
      eggCount: valid.length,
      installedCount: valid.length,
      changedCount: 0,
    })
  }, 120_000)
})
