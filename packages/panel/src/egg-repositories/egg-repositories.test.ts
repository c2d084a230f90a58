import {
  checkEggUpdate,
  createEggRepository,
  deleteEgg,
  deleteEggRepository,
  getEgg,
  getEggRepository,
  getEggRepositoryEgg,
  importEgg,
  installRepositoryEggs,
  listActivity,
  listEggRepositories,
  listEggRepositoryEggs,
  listEggs,
  syncEggRepository,
  updateEgg,
  updateEggRepository,
} from '@hatchery/core/api'
import { describe, expect, test } from 'vitest'
import { DIALECTS } from '../testing/test-panel.ts'
import { openTestWeb } from '../outbound/test-web.ts'
import { hasGitServer } from './git/git-server.test-data.ts'
import { eggNamed, openRepositoryStage } from './test-stage.ts'

const statesOf = (eggs: readonly { path: string; state: string }[]) =>
  Object.fromEntries(eggs.map(({ path, state }) => [path, state]))

for (const dialect of DIALECTS) {
  describe.skipIf(!hasGitServer)(`egg repositories on ${dialect}`, () => {
    test('are read, browsed, installed from, followed and removed', async () => {
      await using stage = await openRepositoryStage({ dialect })
      const { client, upstream } = stage
      const commit = upstream.commit({
        'README.md': '# eggs',
        'package.json': '{"name": "no egg"}',
        'games/echo/egg-echo.json': eggNamed('Echo'),
        'games/paper/egg-paper.json': eggNamed('Paper', { author: 'somebody@example.com' }),
        'games/broken/egg-broken.json': '{"meta": {"version": "PTDL_v2"},',
        'voice/egg-mumble.json': eggNamed('Mumble'),
      })
      const added = await client.call(createEggRepository, { body: { name: 'Games', url: upstream.url } })
      expect(added).toMatchObject({ status: 201, body: { status: 'syncing', hasCredentials: false, commit: null } })
      expect(await stage.finished(added.body.operation!)).toMatchObject({ status: 'succeeded', server: null })
      const repository = added.body.id
      const params = { repository }
      const read = async () => (await client.call(getEggRepository, { params })).body
      expect(await read()).toMatchObject({
        status: 'synced',
        operation: null,
        commit: { id: commit, at: 1_767_225_600_000, message: 'Eggs of today' },
        eggCount: 3,
        unreadableCount: 1,
        installedCount: 0,
        error: null,
      })
      const eggs = await stage.eggs(repository)
      expect(statesOf(eggs)).toEqual({
        'games/broken/egg-broken.json': 'unreadable',
        'games/echo/egg-echo.json': 'available',
        'games/paper/egg-paper.json': 'available',
        'voice/egg-mumble.json': 'available',
      })
      const [broken, echo, paper] = eggs
      expect(paper).toMatchObject({
        name: 'Paper',
        author: 'somebody@example.com',
        format: 'PTDL_v2',
        variableCount: 3,
      })
      const detail = await client.call(getEggRepositoryEgg, { params: { ...params, entry: broken!.id } })
      expect(detail.body).toMatchObject({
        state: 'unreadable',
        diagnostics: [{ severity: 'error', code: 'EGG_SYNTAX' }],
      })
      const found = await client.call(listEggRepositoryEggs, { params, query: { search: 'VOICE' } })
      expect(found.body.data.map(({ name }) => name)).toEqual(['Mumble'])

      const installed = await stage.install(repository, [echo!.id, paper!.id, echo!.id])
      expect(installed).toMatchObject({ status: 'succeeded', kind: 'egg-repository.install' })
      expect((await client.call(listEggs, { query: {} })).body.data).toMatchObject([
        {
          name: 'Echo',
          nest: stage.nest,
          origin: { repository, path: 'games/echo/egg-echo.json', state: 'installed' },
        },
        { name: 'Paper', origin: { name: 'Games', state: 'installed' } },
      ])
      // Again: nothing is installed twice, and one that cannot be read keeps none out.
      const again = await stage.install(repository, [broken!.id, echo!.id, eggs[3]!.id])
      expect(again).toMatchObject({ status: 'failed', error: { code: 'EGG_REPOSITORY_INSTALL_INCOMPLETE' } })
      expect(again.error?.message).toContain('1 of 3')
      expect((await client.call(listEggs, { query: {} })).body.data).toHaveLength(3)

      upstream.commit({
        'games/echo/egg-echo.json': eggNamed('Echo', { startup: './echo --new' }),
        'games/broken/egg-broken.json': eggNamed('Mended'),
        'games/new/egg-new.json': eggNamed('New'),
        'voice/egg-mumble.json': eggNamed('Mumble'),
      })
      expect(await stage.sync(repository)).toMatchObject({ status: 'succeeded' })
      expect(statesOf(await stage.eggs(repository))).toEqual({
        'games/broken/egg-broken.json': 'available',
        'games/echo/egg-echo.json': 'changed',
        'games/new/egg-new.json': 'available',
        'games/paper/egg-paper.json': 'removed',
        'voice/egg-mumble.json': 'installed',
      })
      for (const state of ['available', 'changed', 'removed', 'installed', 'unreadable'] as const) {
        const some = await stage.eggs(repository, state)
        expect(some.every((egg) => egg.state === state)).toBe(true)
        expect(some.length, state).toBe({ available: 2, changed: 1, removed: 1, installed: 1, unreadable: 0 }[state])
      }
      expect(await read()).toMatchObject({ eggCount: 4, unreadableCount: 0, installedCount: 3, changedCount: 1 })

      const [changed] = await stage.eggs(repository, 'changed')
      const update = { params: { egg: changed!.egg! }, body: {} }
      const shown = (await client.call(checkEggUpdate, update)).body
      expect(shown).toMatchObject({ from: { kind: 'repository', repository, path: changed!.path } })
      expect(shown.changes).toMatchObject([{ area: 'startup' }])
      await client.call(updateEgg, { ...update, body: { hash: shown.hash } })
      expect(await stage.eggs(repository, 'changed')).toEqual([])

      expect((await client.call(deleteEggRepository, { params })).status).toBe(200)
      expect(await client.refusal(getEggRepository, { params })).toBe('EGG_REPOSITORY_NOT_FOUND')
      const kept = (await client.call(listEggs, { query: {} })).body.data
      expect(kept.map(({ name, origin }) => [name, origin])).toEqual([
        ['Echo', null],
        ['Mumble', null],
        ['Paper', null],
      ])
      const { data } = (await client.call(listActivity, { query: {} })).body
      expect(data.map(({ type }) => type).filter((type) => type.startsWith('egg-repository:'))).toEqual([
        'egg-repository:deleted',
        'egg-repository:synced',
        'egg-repository:installed',
        'egg-repository:installed',
        'egg-repository:synced',
        'egg-repository:created',
      ])
    })

    test('keep credentials to themselves and send them to the host that they are for', async () => {
      await using stage = await openRepositoryStage({ dialect })
      const { client, upstream, server, panel } = stage
      upstream.commit({ 'egg-echo.json': eggNamed('Echo') })
      server.credentials = 'deploy:planted-token-9Z'
      const credentials = { username: 'deploy', password: 'planted-token-9Z' }
      const { id: repository } = await stage.add({ credentials })
      const params = { repository }
      const read = await client.call(getEggRepository, { params })
      expect(read.body).toMatchObject({ status: 'synced', hasCredentials: true, eggCount: 1 })
      const row = await panel.ctx.db.selectFrom('egg_repositories').selectAll().executeTakeFirstOrThrow()
      const everything = [
        row,
        read.body,
        (await client.call(listEggRepositories, { query: {} })).body,
        (await client.call(listActivity, { query: {} })).body,
        await panel.ctx.db.selectFrom('operations').selectAll().execute(),
      ]
      expect(JSON.stringify(everything)).not.toContain('planted-token-9Z')
      expect(JSON.stringify(everything)).not.toContain(Buffer.from('planted-token-9Z').toString('base64').slice(0, 12))

      const change = async (body: object) => (await client.call(updateEggRepository, { params, body })).body
      expect(await change({ name: 'Renamed' })).toMatchObject({ hasCredentials: true, name: 'Renamed' })
      expect(await change({ url: `${server.url}/elsewhere/.git` })).toMatchObject({ hasCredentials: true })
      expect(await change({ url: 'https://git.example.com/games' })).toMatchObject({ hasCredentials: false })
      expect(await change({ url: upstream.url, credentials })).toMatchObject({ hasCredentials: true })
      expect(await change({ credentials: null })).toMatchObject({ hasCredentials: false })
      expect(await stage.sync(repository)).toMatchObject({
        status: 'failed',
        error: { code: 'GIT_AUTHENTICATION_FAILED' },
      })
      // What was read before stays, and the page says why there is nothing newer.
      expect((await client.call(getEggRepository, { params })).body).toMatchObject({
        status: 'failed',
        error: { code: 'GIT_AUTHENTICATION_FAILED' },
        eggCount: 1,
      })
      const open = { name: 'Open', url: 'http://git.example.com/games', credentials }
      expect(await client.refusal(createEggRepository, { body: open })).toBe('EGG_REPOSITORY_CREDENTIALS_OPEN')
      const insecure = { params, body: { url: 'http://git.example.com/games', credentials } }
      expect(await client.refusal(updateEggRepository, insecure)).toBe('EGG_REPOSITORY_CREDENTIALS_OPEN')
    })

    test('take one name each, one job at a time, and edits of who has seen the newest', async () => {
      await using stage = await openRepositoryStage({ dialect })
      const { client, upstream, nest } = stage
      upstream.commit({ 'egg-echo.json': eggNamed('Echo') })
      const { id: repository } = await stage.add()
      const params = { repository }
      const body = { name: 'Games', url: upstream.url }
      expect(await client.refusal(createEggRepository, { body })).toBe('EGG_REPOSITORY_EXISTS')
      const stale = { params, body: { name: 'Other' }, headers: { 'if-match': '"1"' } }
      expect(await client.refusal(updateEggRepository, stale)).toBe('REVISION_MISMATCH')
      const requests = [1, 2, 3, 4].map(() => client.call(syncEggRepository, { params }))
      const operations = (await Promise.all(requests)).map((answer) => answer.body.operation)
      expect(new Set(operations).size).toBe(1)
      await stage.finished(operations[0]!)

      const [egg] = await stage.eggs(repository)
      const unknown = '018f4b1e-0000-7000-8000-000000000000'
      const install = (eggs: string[], into = nest) => ({ params, body: { nest: into, eggs } })
      expect(await client.refusal(installRepositoryEggs, install([egg!.id, unknown]))).toBe(
        'EGG_REPOSITORY_EGG_NOT_FOUND',
      )
      expect(await client.refusal(installRepositoryEggs, install([egg!.id], unknown))).toBe('NEST_NOT_FOUND')
      expect(await client.refusal(syncEggRepository, { params: { repository: unknown } })).toBe(
        'EGG_REPOSITORY_NOT_FOUND',
      )
      const entry = { params: { repository, entry: unknown } }
      expect(await client.refusal(getEggRepositoryEgg, entry)).toBe('EGG_REPOSITORY_EGG_NOT_FOUND')
    })

    test('know the eggs that were imported by hand, and forget those that are deleted', async () => {
      await using stage = await openRepositoryStage({ dialect })
      const { client, upstream, nest, panel } = stage
      const uuid = '5e8a1c3a-7e43-4a4b-9a3f-0c1d2e3f4a5b'
      const pelican = (startup: string) => eggNamed('Tracked', { uuid, startup, meta: { version: 'PLCN_v1' } })
      await client.call(importEgg, { body: { nest, text: eggNamed('Echo') } })
      const { body: tracked } = await client.call(importEgg, { body: { nest, text: pelican('./old') } })
      // Of before eggs had a source.
      await panel.ctx.store.transaction((trx) => trx.deleteFrom('egg_sources').execute())
      upstream.commit({
        'egg-echo.json': eggNamed('Echo'),
        'egg-other.json': eggNamed('Other'),
        'egg-tracked.json': pelican('./new'),
      })
      const { id: repository } = await stage.add()
      const states = async () => statesOf(await stage.eggs(repository))
      const expected = { 'egg-echo.json': 'installed', 'egg-other.json': 'available', 'egg-tracked.json': 'changed' }
      expect(await states()).toEqual(expected)
      expect((await client.call(getEgg, { params: { egg: tracked.id } })).body.origin).toMatchObject({
        state: 'changed',
      })
      await client.call(deleteEgg, { params: { egg: tracked.id } })
      expect(await states()).toEqual({ ...expected, 'egg-tracked.json': 'available' })
    })

    test('are read again in another folder or branch, and emptied where nothing is left', async () => {
      await using stage = await openRepositoryStage({ dialect })
      const { client, upstream } = stage
      upstream.commit({ 'a/egg-one.json': eggNamed('One'), 'b/egg-two.json': eggNamed('Two') })
      const { id: repository } = await stage.add({ folder: 'a' })
      const params = { repository }
      const paths = async () => (await stage.eggs(repository)).map(({ path }) => path)
      expect(await paths()).toEqual(['a/egg-one.json'])
      await client.call(updateEggRepository, { params, body: { folder: 'b' } })
      await stage.sync(repository)
      expect(await paths()).toEqual(['b/egg-two.json'])
      upstream.commit({ 'b/egg-side.json': eggNamed('Side') }, { branch: 'side' })
      await client.call(updateEggRepository, { params, body: { branch: 'side' } })
      await stage.sync(repository)
      expect(await paths()).toEqual(['b/egg-side.json'])
      upstream.commit({ 'README.md': 'nothing' }, { branch: 'side', isForced: true })
      await stage.sync(repository)
      expect(await paths()).toEqual([])
      await client.call(updateEggRepository, { params, body: { branch: 'gone' } })
      expect(await stage.sync(repository)).toMatchObject({ status: 'failed', error: { code: 'GIT_BRANCH_NOT_FOUND' } })
    })
  })
}

describe.skipIf(!hasGitServer)('a repository at a private address', () => {
  test('is refused when it is written, and when its name leads there', async () => {
    const lookup = async () => ['10.0.0.7']
    await using stage = await openRepositoryStage({ outbound: { lookup } })
    const { client } = stage
    for (const url of ['https://10.0.0.7/games', 'http://[::1]/games', 'https://169.254.169.254/latest/x']) {
      expect(await client.refusal(createEggRepository, { body: { name: 'Inside', url } }), url).toBe('OUTBOUND_REFUSED')
    }
    for (const url of [
      'https://user:secret@example.com/x',
      'ssh://git@example.com/x',
      'file:///srv/git',
      'https://host',
    ]) {
      expect(await client.refusal(createEggRepository, { body: { name: 'Odd', url } }), url).toBe('VALIDATION_FAILED')
    }
    // A public server that leads there: with what it is asked for first, and with what it is asked for then.
    await using inside = await openTestWeb('127.0.0.1', (_request, response) => void response.end())
    stage.upstream.commit({ 'egg-echo.json': eggNamed('Echo') })
    const redirect = `http://127.0.0.1:${inside.port}/games/info/refs?service=git-upload-pack`
    for (const [name, isRedirected] of [
      ['First', () => true],
      ['Second', (method?: string) => method === 'POST'],
    ] as const) {
      stage.server.answer = (request, response) => {
        if (isRedirected(request.method))
          response.writeHead(302, { location: redirect.replace('http:', 'https:') }).end()
        else stage.server.serve(request, response)
      }
      const { id } = await stage.add({ name })
      const read = await client.call(getEggRepository, { params: { repository: id } })
      expect(read.body).toMatchObject({
        status: 'failed',
        eggCount: 0,
        error: { code: expect.stringMatching('OUTBOUND_') },
      })
    }
    expect(inside.connections()).toBe(0)
    const { id } = await stage.add({ url: 'https://inside.example/games' })
    expect((await client.call(getEggRepository, { params: { repository: id } })).body).toMatchObject({
      status: 'failed',
      error: { code: 'OUTBOUND_REFUSED' },
    })
  })
})
