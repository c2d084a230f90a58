import { contract, getAccount, signIn } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { Type } from 'typebox'
import { describe, expect, test } from 'vitest'
import { noServices } from '../testing/no-services.ts'
import { createTestPanel, DIALECTS, type TestPanelOptions } from '../testing/test-panel.ts'
import { implement, type Routes } from './implement.ts'
import { answer } from './reply.ts'
import { checkRevision } from './revision.ts'

const base = { tag: 'Test', summary: 'Test', class: 'converge', permission: { account: 'account.read' } } as const
const Thing = Type.Object({
  id: Type.String(),
  parts: Type.Array(Type.Object({ name: Type.String() })),
  owner: Type.Union([Type.Object({ name: Type.String() }), Type.Null()]),
  labels: Type.Record(Type.String(), Type.String()),
  revision: Type.Integer(),
})
const readThing = contract({
  ...base,
  method: 'GET',
  path: '/things/:thing',
  params: Type.Object({ thing: Type.String({ maxLength: 8 }) }),
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ default: 25, maximum: 100 })),
    all: Type.Optional(Type.Boolean()),
  }),
  response: { 200: Thing },
})
const writeThing = contract({
  ...base,
  method: 'POST',
  path: '/things',
  body: Type.Object({
    name: Type.String({ minLength: 2 }),
    size: Type.Integer(),
    nested: Type.Optional(Type.Object({ deep: Type.Boolean() })),
  }),
  response: { 200: Thing, 201: Thing },
})
const failThing = contract({
  ...base,
  method: 'POST',
  path: '/things/fail',
  class: 'at-most-once',
  body: Type.Object({ how: Type.String() }),
  response: { 200: Type.Object({}) },
})
const publicThing = contract({
  ...base,
  method: 'GET',
  path: '/public',
  permission: 'public',
  response: { 200: Type.Object({ ip: Type.String(), secure: Type.Boolean(), who: Type.String() }) },
})

const thing = {
  id: 'a',
  parts: [{ name: 'x', secret: 's' }],
  owner: { name: 'o', passwordHash: 'h' },
  labels: { a: 'b' },
  revision: 7,
  password: 'p',
}

interface Calls {
  readonly written: unknown[]
  fails: number
  hold: Promise<void> | null
}

async function openPanel(options: TestPanelOptions = {}) {
  const calls: Calls = { written: [], fails: 0, hold: null }
  const routes = (to: Routes) => {
    implement(to, readThing, async (_ctx, { query, params }) => ({
      ...thing,
      id: `${params.thing}:${query.limit}:${query.all}`,
    }))
    implement(to, writeThing, async (_ctx, { body, ifMatch }) => {
      checkRevision(ifMatch, 7)
      await calls.hold
      calls.written.push(body)
      return answer(201, { ...thing, id: String(calls.written.length) })
    })
    implement(to, failThing, async (_ctx, { body }) => {
      calls.fails++
      if (body.how === 'refuse') throw new AppError('SERVER_BUSY', { id: 'x', state: 'installing' })
      if (body.how === 'timeout') throw new AppError('NODE_TIMEOUT', { node: 'n' })
      throw new Error('the secret reason')
    })
    implement(to, publicThing, async (ctx) => ({ ip: ctx.ip, secure: ctx.isSecure, who: ctx.principal.kind }))
  }
  const panel = await createTestPanel({ services: noServices, routes, ...options })
  return Object.assign(panel, { calls })
}

const body = { name: 'box', size: 1 }

describe('a request', () => {
  test('with a NUL anywhere, or with a number that no column holds, is refused before anything is asked', async () => {
    await using panel = await openPanel()
    const client = await panel.signInAs(await panel.createUser())
    const send = async (payload: string) => {
      const headers = { 'content-type': 'application/json' }
      const answered = await client.request({ method: 'POST', url: '/api/v1/things', headers, payload })
      return answered.json().error.code
    }
    expect(await send('{"name":"a\\u0000b","size":1}')).toBe('BAD_REQUEST')
    expect(await send('{"name":"ab","size":1,"x":[{"\\u0000":1}]}')).toBe('BAD_REQUEST')
    expect(await send('{"name":"ab","size":1e300}')).toBe('VALIDATION_FAILED')
    expect(await send('{"name":"ab","size":9007199254740993}')).toBe('VALIDATION_FAILED')
    const inPath = await client.request({ url: '/api/v1/things/a%00b' })
    expect(inPath.json().error.code).toBe('BAD_REQUEST')
  })

  test('is validated, and told about each field that is wrong', async () => {
    await using panel = await openPanel()
    const client = await panel.signInAs(await panel.createUser())
    const answered = await client.request({
      method: 'POST',
      url: '/api/v1/things',
      payload: { name: 'x', nested: { deep: 'no' } },
    })
    expect(answered.statusCode).toBe(422)
    const { error } = answered.json()
    expect(error.code).toBe('VALIDATION_FAILED')
    expect(error.requestId).toBe(answered.headers['x-request-id'])
    expect(error.details.issues.map((issue: { path: string }) => issue.path).toSorted()).toEqual([
      'name',
      'nested.deep',
      'size',
    ])
    expect(panel.calls.written).toEqual([])
  })

  test('reaches its handler with defaults, converted numbers and known fields only', async () => {
    await using panel = await openPanel()
    const client = await panel.signInAs(await panel.createUser())
    const read = await client.request({ url: '/api/v1/things/a?all=true&unknown=1' })
    expect(read.json().id).toBe('a:25:true')
    await client.request({
      method: 'POST',
      url: '/api/v1/things',
      payload: { ...body, isAdmin: true, nested: { deep: true, x: 1 } },
    })
    expect(panel.calls.written).toEqual([{ ...body, nested: { deep: true } }])
  })

  test('that cannot be read gets an error with a code, and nothing crashes', async () => {
    await using panel = await openPanel()
    const client = await panel.signInAs(await panel.createUser())
    const post = (payload: string, type = 'application/json') =>
      client.request({ method: 'POST', url: '/api/v1/things', payload, headers: { 'content-type': type } })
    const code = async (answered: Promise<{ statusCode: number; json(): { error: { code: string } } }>) => {
      const { statusCode, json } = await answered
      return [statusCode, json().error.code]
    }
    expect(await code(post('{"name":'))).toEqual([400, 'BAD_REQUEST'])
    expect(await code(post('{"__proto__":{"isAdmin":true}}'))).toEqual([400, 'BAD_REQUEST'])
    expect(await code(post('{"\\u005f_proto__":{"isAdmin":true}}'))).toEqual([400, 'BAD_REQUEST'])
    expect(await code(post('a=b', 'application/x-www-form-urlencoded'))).toEqual([400, 'BAD_REQUEST'])
    expect(await code(post(JSON.stringify({ name: 'x'.repeat(300_000), size: 1 })))).toEqual([413, 'BODY_TOO_LARGE'])
    expect(await code(post('[]'))).toEqual([422, 'VALIDATION_FAILED'])
    expect(await code(post(''))).toEqual([422, 'VALIDATION_FAILED'])
    expect(await code(client.request({ url: '/api/v1/nothing' }))).toEqual([404, 'ROUTE_NOT_FOUND'])
    expect(await code(client.request({ method: 'PUT', url: '/api/v1/account' }))).toEqual([405, 'METHOD_NOT_ALLOWED'])
    expect(await code(client.request({ url: '/api/v1/things/waytoolongaparameter' }))).toEqual([
      422,
      'VALIDATION_FAILED',
    ])
    expect(panel.calls.written).toEqual([])
  })

  test('that hits a bug is answered without a word about it', async () => {
    await using panel = await openPanel()
    const client = await panel.signInAs(await panel.createUser())
    const answered = await client.request({ method: 'POST', url: '/api/v1/things/fail', payload: { how: 'bug' } })
    expect(answered.statusCode).toBe(500)
    expect(answered.body).not.toContain('secret reason')
    expect(answered.json().error).toMatchObject({ code: 'INTERNAL' })
  })
})

describe('an answer', () => {
  test('holds the fields of its contract and no others, at any depth', async () => {
    await using panel = await openPanel()
    const client = await panel.signInAs(await panel.createUser())
    const answered = await client.call(readThing, { params: { thing: 'a' } })
    expect(answered.body).toEqual({
      id: 'a:25:undefined',
      parts: [{ name: 'x' }],
      owner: { name: 'o' },
      labels: { a: 'b' },
      revision: 7,
    })
  })

  test('carries its revision as ETag, a request id and headers that a browser obeys', async () => {
    await using panel = await openPanel()
    const client = await panel.signInAs(await panel.createUser())
    const answered = await client.call(readThing, { params: { thing: 'a' }, headers: { 'x-request-id': 'my-own.id' } })
    expect(answered.headers).toMatchObject({
      etag: '"7"',
      'x-request-id': 'my-own.id',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
    })
    const forged = await client.call(readThing, { params: { thing: 'a' }, headers: { 'x-request-id': 'a\tb' } })
    expect(forged.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('If-Match', () => {
  test('lets a change through only at the revision that its author saw', async () => {
    await using panel = await openPanel()
    const client = await panel.signInAs(await panel.createUser())
    const write = (match: string) => client.call(writeThing, { body, headers: { 'if-match': match } })
    expect((await write('"7"')).status).toBe(201)
    expect((await write('7')).status).toBe(201)
    expect((await write('*')).status).toBe(201)
    expect((await write('"6"')).status).toBe(412)
    expect((await write('"abc"')).status).toBe(400)
    expect(panel.calls.written).toHaveLength(3)
  })
})

for (const dialect of DIALECTS) {
  describe(`Idempotency-Key on ${dialect}`, () => {
    test('carries a repeated request out once and answers it the same', async () => {
      await using panel = await openPanel({ dialect })
      const client = await panel.signInAs(await panel.createUser())
      const headers = { 'idempotency-key': 'one' }
      const first = await client.call(writeThing, { body, headers })
      const second = await client.call(writeThing, { body, headers })
      expect(second.status).toBe(201)
      expect(second.body).toEqual(first.body)
      expect(second.headers).toMatchObject({ etag: '"7"', 'idempotency-replayed': 'true' })
      expect(panel.calls.written).toHaveLength(1)
      const rows = await panel.ctx.db.selectFrom('idempotency_keys').selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain('labels')
    })

    test('refuses another request under the same key, but not another person’s', async () => {
      await using panel = await openPanel({ dialect })
      const [one, two] = [
        await panel.signInAs(await panel.createUser()),
        await panel.signInAs(await panel.createUser()),
      ]
      const headers = { 'idempotency-key': 'one' }
      await one.call(writeThing, { body, headers })
      expect(await one.refusal(writeThing, { body: { ...body, size: 2 }, headers })).toBe('IDEMPOTENCY_KEY_REUSED')
      expect((await two.call(writeThing, { body: { ...body, size: 2 }, headers })).status).toBe(201)
    })

    test('refuses a repetition while the first still runs', async () => {
      await using panel = await openPanel({ dialect })
      const client = await panel.signInAs(await panel.createUser())
      const held = Promise.withResolvers<void>()
      panel.calls.hold = held.promise
      const headers = { 'idempotency-key': 'one' }
      const answers = [1, 2, 3].map(() => client.call(writeThing, { body, headers }))
      const refused = await Promise.race(answers)
      expect(refused.status).toBe(409)
      expect(refused.body).toMatchObject({ error: { code: 'IDEMPOTENCY_IN_PROGRESS' } })
      held.resolve()
      const statuses = (await Promise.all(answers)).map(({ status }) => status)
      // One that came late enough may have been given the first one's answer.
      expect(statuses).toContain(201)
      expect(panel.calls.written).toHaveLength(1)
    })

    test('may be tried again after a refusal, and after seven days', async () => {
      await using panel = await openPanel({ dialect })
      const client = await panel.signInAs(await panel.createUser())
      const headers = { 'idempotency-key': 'one' }
      for (let index = 0; index < 2; index++) {
        expect(await client.refusal(failThing, { body: { how: 'refuse' }, headers })).toBe('SERVER_BUSY')
      }
      expect(panel.calls.fails).toBe(2)
      await client.call(writeThing, { body, headers })
      panel.clock.advance(7 * 24 * 3_600_000 + 1)
      await client.call(writeThing, { body: { ...body, size: 2 }, headers })
      expect(panel.calls.written).toHaveLength(2)
    })

    test('never repeats an at-most-once operation whose outcome is not known', async () => {
      await using panel = await openPanel({ dialect })
      const client = await panel.signInAs(await panel.createUser())
      for (const how of ['timeout', 'bug']) {
        const headers = { 'idempotency-key': how }
        const first = await client.call(failThing, { body: { how }, headers })
        const second = await client.call(failThing, { body: { how }, headers })
        expect(second.status).toBe(first.status)
      }
      expect(panel.calls.fails).toBe(2)
    })
  })
}

describe('the Origin check', () => {
  const from = (origin: string) => ({ origin, host: 'panel.example.com' })

  test('refuses another site’s unsafe call with our cookie, and allows our own', async () => {
    await using panel = await openPanel()
    const client = await panel.signInAs(await panel.createUser())
    expect(await client.refusal(writeThing, { body, headers: from('https://evil.example') })).toBe('ORIGIN_NOT_ALLOWED')
    expect(await client.refusal(writeThing, { body, headers: from('null') })).toBe('ORIGIN_NOT_ALLOWED')
    expect(await client.refusal(writeThing, { body, headers: { 'sec-fetch-site': 'cross-site' } })).toBe(
      'ORIGIN_NOT_ALLOWED',
    )
    expect(
      await panel.anonymous.refusal(signIn, {
        body: { login: 'a', password: 'b' },
        headers: from('https://evil.example'),
      }),
    ).toBe('ORIGIN_NOT_ALLOWED')
    expect((await client.call(writeThing, { body, headers: from('http://panel.example.com') })).status).toBe(201)
    expect((await client.call(writeThing, { body })).status).toBe(201)
    expect((await client.call(getAccount, { headers: from('https://evil.example') })).status).toBe(200)
  })

  test('knows the public address and the allowed ones', async () => {
    await using panel = await openPanel({
      publicUrl: 'https://panel.example.com/',
      allowedOrigins: ['https://billing.example.com'],
    })
    const client = await panel.signInAs(await panel.createUser())
    expect((await client.call(writeThing, { body, headers: from('https://panel.example.com') })).status).toBe(201)
    expect((await client.call(writeThing, { body, headers: from('https://billing.example.com') })).status).toBe(201)
    expect(await client.refusal(writeThing, { body, headers: from('http://panel.example.com') })).toBe(
      'ORIGIN_NOT_ALLOWED',
    )
  })
})

describe('rate limits', () => {
  test('count by class and caller, say so in headers, and answer 429 with Retry-After', async () => {
    await using panel = await openPanel({ rateLimits: { default: 3 } })
    const [one, two] = [await panel.signInAs(await panel.createUser()), await panel.signInAs(await panel.createUser())]
    const first = await one.call(getAccount)
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '2', 'ratelimit-reset': '60' })
    await one.call(getAccount)
    await one.call(getAccount)
    panel.clock.advance(20_000)
    const over = await one.call(getAccount)
    expect(over.status).toBe(429)
    expect(over.headers['retry-after']).toBe('40')
    expect((await two.call(getAccount)).status).toBe(200)
    panel.clock.advance(40_000)
    expect((await one.call(getAccount)).status).toBe(200)
  })

  test('count who is not signed in by address, an IPv6 subscriber as one', async () => {
    await using panel = await openPanel({ rateLimits: { default: 2 }, trustedProxies: ['127.0.0.0/8'] })
    const call = (ip: string) => panel.anonymous.call(publicThing, { headers: { 'x-forwarded-for': ip } })
    expect((await call('2001:db8:1:2::1')).status).toBe(200)
    expect((await call('2001:db8:1:2:ffff::9')).status).toBe(200)
    expect((await call('2001:db8:1:2::3')).status).toBe(429)
    expect((await call('2001:db8:1:3::1')).status).toBe(200)
  })

  test('stop somebody who tries API keys', async () => {
    await using panel = await openPanel({ rateLimits: { auth: 5 } })
    const attempt = () =>
      panel.anonymous.refusal(getAccount, {
        headers: { authorization: `Bearer hk_${'a'.repeat(16)}_${'b'.repeat(43)}` },
      })
    for (let index = 0; index < 5; index++) expect(await attempt()).toBe('NOT_SIGNED_IN')
    expect(await attempt()).toBe('RATE_LIMITED')
  })
})

describe('forwarded addresses', () => {
  test('are believed from a trusted proxy only, up to the first hop that is not one', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9, 198.51.100.4, 10.0.0.3', 'x-forwarded-proto': 'https' }
    await using distrusting = await openPanel()
    expect((await distrusting.anonymous.call(publicThing, { headers })).body).toMatchObject({
      ip: '127.0.0.1',
      secure: false,
    })
    await using trusting = await openPanel({ trustedProxies: ['127.0.0.1', '10.0.0.0/8'] })
    expect((await trusting.anonymous.call(publicThing, { headers })).body).toMatchObject({
      ip: '198.51.100.4',
      secure: true,
    })
  })
})
