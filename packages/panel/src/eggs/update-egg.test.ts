import {
  checkEggUpdate,
  exportEgg,
  fetchEgg,
  getEgg,
  getStartup,
  importEgg,
  listActivity,
  listNests,
  updateEgg,
  updateStartup,
} from '@hatchery/core/api'
import { diffEggs, exportEgg as writeEgg, parseEgg } from '@hatchery/core/eggs'
import { describe, expect, test } from 'vitest'
import { createTestNode, TEST_EGG } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { createAddressPolicy } from '../outbound/address-policy.ts'
import { createTestLookup, openTestWeb, PUBLIC_ADDRESS } from '../outbound/test-web.ts'
import { DIALECTS } from '../testing/test-panel.ts'
import { rawUrlOf } from './fetch-egg.ts'

const policy = createAddressPolicy([PUBLIC_ADDRESS])

interface EggJson {
  meta: { version: string; update_url: string | null }
  config: { stop: string }
  variables: { env_variable: string; rules: string; default_value: string }[]
}

/** The egg of the tests with changes. */
function eggWith(change: (egg: EggJson) => void): string {
  const egg = JSON.parse(TEST_EGG) as EggJson
  change(egg)
  return JSON.stringify(egg, null, 2)
}

/** Serves one file that can be replaced. */
async function openUpstream(text: string) {
  const upstream = { text, type: 'application/json' }
  const web = await openTestWeb(PUBLIC_ADDRESS, (_request, response) => {
    response.writeHead(200, { 'content-type': upstream.type }).end(upstream.text)
  })
  return {
    upstream,
    web,
    url: `http://${PUBLIC_ADDRESS}:${web.port}/eggs/egg-echo.json`,
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  }
}

for (const dialect of DIALECTS) {
  describe(`updates of eggs on ${dialect}`, () => {
    test('show what changes and for whom, do exactly that, and keep the values of servers', async () => {
      await using site = await openUpstream(TEST_EGG)
      await using node = await createTestNode({ dialect, outbound: { policy } })
      const { client, agent } = node
      const [nest] = (await client.call(listNests, { query: {} })).body.data
      const imported = { nest: nest!.id, text: TEST_EGG, url: site.url, onExisting: 'update' } as const
      expect((await client.call(importEgg, { body: imported })).body.updateUrl).toBe(site.url)
      const params = { egg: node.egg }
      const check = () => client.call(checkEggUpdate, { params, body: {} })

      expect((await check()).body).toMatchObject({ isSame: true, changes: [], serverCount: 0, affectedCount: 0 })
      const kept = await node.createServer()
      const refused = await node.createServer({
        variables: { GREETING: 'a long greeting', ADMIN_TOKEN: 'sesame-4711' },
      })
      site.upstream.text = eggWith((egg) => {
        egg.config.stop = 'exit'
        for (const variable of egg.variables) {
          if (variable.env_variable === 'GREETING') variable.rules = 'required|string|max:10'
          if (variable.env_variable === 'ADMIN_TOKEN') variable.rules = 'required|in:none,other'
        }
      })
      const { body: shown } = await check()
      expect(shown).toMatchObject({
        egg: node.egg,
        isSame: false,
        from: { kind: 'url', url: site.url, fileName: 'egg-echo.json' },
        name: 'Echo',
        serverCount: 2,
        affectedCount: 1,
        servers: [
          {
            id: refused.id,
            variables: [
              { envVariable: 'GREETING', failed: ['Max'] },
              { envVariable: 'ADMIN_TOKEN', failed: ['In'] },
            ],
          },
        ],
      })
      expect(JSON.stringify(shown)).not.toContain('sesame-4711')
      expect(shown.changes.map(({ area }) => area)).toEqual(expect.arrayContaining(['stop', 'variables']))
      expect((await client.call(getEgg, { params })).body.stop).toBe('quit')

      const { body: updated } = await client.call(updateEgg, { params, body: { hash: shown.hash } })
      expect(updated).toMatchObject({ egg: { stop: 'exit' }, serverCount: 2, servers: [{ id: refused.id }] })
      await until(() => JSON.stringify(agent.servers.get(kept.id)?.spec?.stop).includes('exit'))
      const { variables } = (await client.call(getStartup, { params: { server: refused.id } })).body
      expect(variables.find(({ envVariable }) => envVariable === 'GREETING')?.value).toBe('a long greeting')
      const correct = {
        params: { server: refused.id },
        body: { variables: { GREETING: 'short', ADMIN_TOKEN: 'none' } },
      }
      expect((await client.call(updateStartup, correct)).status).toBe(200)
      const events = (await client.call(listActivity, { query: { type: 'egg:updated' } })).body.data
      expect(events[0]?.data).toMatchObject({ egg: node.egg, servers: 2, from: 'url', url: site.url })
    })

    test('are refused when upstream or the egg have changed since they were shown', async () => {
      await using site = await openUpstream(eggWith((egg) => (egg.config.stop = 'exit')))
      await using node = await createTestNode({ dialect, isConnected: false, outbound: { policy } })
      const { client } = node
      const params = { egg: node.egg }
      const body = { url: site.url }
      expect(await client.refusal(checkEggUpdate, { params, body: {} })).toBe('EGG_NO_UPDATE_SOURCE')
      const { hash } = (await client.call(checkEggUpdate, { params, body })).body

      site.upstream.text = eggWith((egg) => (egg.config.stop = 'rm -rf'))
      expect(await client.refusal(updateEgg, { params, body: { ...body, hash } })).toBe('EGG_UPDATE_CHANGED')
      expect((await client.call(getEgg, { params })).body.stop).toBe('quit')

      const file = { text: eggWith((egg) => (egg.config.stop = 'halt')), fileName: 'egg.json' }
      const shown = (await client.call(checkEggUpdate, { params, body: file })).body
      expect(shown.from).toMatchObject({ kind: 'file', url: null, fileName: 'egg.json' })
      const attempts = [1, 2, 3].map(() => client.call(updateEgg, { params, body: { ...file, hash: shown.hash } }))
      const statuses = (await Promise.all(attempts)).map(({ status }) => status)
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409])
      expect(await client.refusal(updateEgg, { params, body: { ...file, hash: shown.hash } })).toBe(
        'EGG_UPDATE_CHANGED',
      )
      const broken = { text: '{"meta": {"version": "PTDL_v2"}' }
      expect(await client.refusal(checkEggUpdate, { params, body: broken })).toBe('EGG_INVALID')
    })
  })
}

describe('a new required variable', () => {
  test('lists every server that has no value for it', async () => {
    await using node = await createTestNode({ outbound: { policy } })
    const { client } = node
    const server = await node.createServer()
    const text = eggWith((egg) => {
      egg.variables.push({ ...egg.variables[0]!, env_variable: 'SEED', rules: 'required|integer', default_value: '' })
    })
    const { body } = await client.call(checkEggUpdate, { params: { egg: node.egg }, body: { text } })
    expect(body).toMatchObject({
      affectedCount: 1,
      servers: [{ id: server.id, name: 'Survival', variables: [{ envVariable: 'SEED', failed: ['Required'] }] }],
    })
    expect(body.changes).toMatchObject([{ area: 'variables', kind: 'added', effect: 'value-needed' }])
  })
})

describe('a variable that becomes a secret', () => {
  test('is sealed on every server, and keeps its value', async () => {
    await using node = await createTestNode({ outbound: { policy } })
    const { client, panel } = node
    const server = await node.createServer({ variables: { GREETING: 'planted-3K' } })
    const stored = async () =>
      JSON.stringify(await panel.ctx.db.selectFrom('server_variables').select('value').execute())
    expect(await stored()).toContain('planted-3K')
    const { egg } = await parseEgg(TEST_EGG)
    const variables = egg!.variables.map((variable) => ({ ...variable, secret: variable.envVariable === 'GREETING' }))
    const { text } = await writeEgg({ ...egg!, variables }, 'hatchery')
    const params = { egg: node.egg }
    const { hash } = (await client.call(checkEggUpdate, { params, body: { text } })).body
    expect((await client.call(updateEgg, { params, body: { text, hash } })).status).toBe(200)
    expect(await stored()).not.toContain('planted-3K')
    const startup = (await client.call(getStartup, { params: { server: server.id } })).body.variables
    expect(startup.find(({ envVariable }) => envVariable === 'GREETING')).toMatchObject({ value: 'planted-3K' })
  })
})

describe('fetching an egg', () => {
  test('answers the file, whatever the server says about its type, and nothing that is no egg', async () => {
    await using site = await openUpstream(TEST_EGG)
    await using node = await createTestNode({ isConnected: false, outbound: { policy } })
    const { client } = node
    const fetched = () => client.call(fetchEgg, { body: { url: site.url } })
    site.upstream.type = 'image/png'
    expect((await fetched()).body).toEqual({ url: site.url, fileName: 'egg-echo.json', text: TEST_EGG })

    for (const text of ['<html>', '{"secret": "of an intranet"}', 'secret: of an intranet', '']) {
      site.upstream.text = text
      const answer = await fetched()
      expect(answer.status, text).toBe(422)
      expect(JSON.stringify(answer.body)).not.toContain('intranet')
    }
    site.upstream.text = TEST_EGG + ' '.repeat(1_048_576)
    expect(await client.refusal(fetchEgg, { body: { url: site.url } })).toBe('OUTBOUND_TOO_LARGE')
  })

  test('reaches no private address, by itself, by a name, by a redirect or by the update address of an egg', async () => {
    await using inside = await openTestWeb('127.0.0.1', (_request, response) => void response.end(TEST_EGG))
    await using site = await openTestWeb(PUBLIC_ADDRESS, (_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/` }).end()
    })
    const { lookup } = createTestLookup({ 'inside.example': [['127.0.0.1']] })
    await using node = await createTestNode({ isConnected: false, outbound: { policy, lookup } })
    const { client } = node
    const params = { egg: node.egg }
    for (const url of [
      `http://127.0.0.1:${inside.port}/`,
      `http://inside.example:${inside.port}/`,
      `http://${PUBLIC_ADDRESS}:${site.port}/`,
    ]) {
      expect(await client.refusal(fetchEgg, { body: { url } })).toBe('OUTBOUND_REFUSED')
      expect(await client.refusal(checkEggUpdate, { params, body: { url } })).toBe('OUTBOUND_REFUSED')
      const text = eggWith((egg) => (egg.meta.update_url = url))
      const { hash } = (await client.call(checkEggUpdate, { params, body: { text } })).body
      await client.call(updateEgg, { params, body: { text, hash } })
      expect(await client.refusal(checkEggUpdate, { params, body: {} })).toBe('OUTBOUND_REFUSED')
    }
    expect(inside.connections()).toBe(0)
  })

  test('turns the page of a file into the file', () => {
    const raw = (url: string) => rawUrlOf(new URL(url)).href
    expect(raw('https://github.com/o/r/blob/main/games/egg.json?plain=1')).toBe(
      'https://raw.githubusercontent.com/o/r/main/games/egg.json',
    )
    expect(raw('https://gitlab.example.com/a/b/c/-/blob/main/egg.yaml')).toBe(
      'https://gitlab.example.com/a/b/c/-/raw/main/egg.yaml',
    )
    expect(raw('https://codeberg.org/o/r/src/branch/main/egg.json')).toBe(
      'https://codeberg.org/o/r/raw/branch/main/egg.json',
    )
    expect(raw('https://bitbucket.org/o/r/src/main/egg.json')).toBe('https://bitbucket.org/o/r/raw/main/egg.json')
    for (const same of ['https://example.com/github.com/o/r/blob/x', 'https://example.com/a/src/b/c?x=1']) {
      expect(raw(same)).toBe(same)
    }
  })
})

describe('exporting an egg', () => {
  test('writes every format, and what was lost', async () => {
    await using node = await createTestNode({ isConnected: false })
    const { client } = node
    const source = (await parseEgg(TEST_EGG)).egg!
    for (const format of ['PTDL_v2', 'PLCN_v3', 'calagopus', 'hatchery'] as const) {
      for (const encoding of ['json', 'yaml'] as const) {
        const answer = await client.call(exportEgg, { params: { egg: node.egg }, query: { format, encoding } })
        expect(answer.status).toBe(200)
        const { text, fileName, losses, changes } = answer.body
        const read = await parseEgg(text, { fileName })
        expect(read.format, `${format} ${encoding}`).toBe(format)
        const effects = diffEggs(source, read.egg!).filter(({ effect }) => effect !== 'none')
        if (losses.length + changes.length === 0) expect(effects, `${format} ${encoding}`).toEqual([])
        expect(fileName).toMatch(/^egg-echo\.(json|yaml)$/)
      }
    }
    const missing = { params: { egg: node.node }, query: { format: 'hatchery' } } as const
    expect(await client.refusal(exportEgg, missing)).toBe('EGG_NOT_FOUND')
  })
})
