import { describe, expect, expectTypeOf, test } from 'vitest'
import type { BodyOf, createServer, getServer, listServers, QueryOf, ResponseOf } from '../api/index.ts'
import { createClient, HatcheryError, paginate, type ClientOptions, type EndpointTypes } from './index.ts'

const SERVER = '2a51f1a8-5f5c-4f38-8f8f-1c2b3a4d5e6f'

interface Sent {
  readonly url: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: unknown
  readonly credentials: string | undefined
}

type Step = () => Response | Promise<Response>

/** A panel that answers one prepared step after the other and keeps what it was asked. */
function scripted(steps: readonly Step[], options: Partial<ClientOptions> = {}) {
  const sent: Sent[] = []
  const remaining = [...steps]
  const client = createClient({
    url: 'http://panel.test/',
    retry: { baseDelayMs: 0 },
    fetch: async (url, init) => {
      sent.push({
        url,
        method: init.method ?? 'GET',
        headers: init.headers as Record<string, string>,
        body: init.body === undefined ? undefined : JSON.parse(init.body as string),
        credentials: init.credentials,
      })
      const step = remaining.shift()
      if (!step) throw new Error('The client asked more often than expected.')
      return step()
    },
    ...options,
  })
  return { client, sent }
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Step =>
  () =>
    new Response(JSON.stringify(body), { status, headers })
const failure = (status: number, code: string, headers: Record<string, string> = {}, details?: object): Step =>
  json(status, { error: { code, message: `It was ${code}.`, details, requestId: 'r1' } }, headers)
const broken: Step = () => {
  throw new TypeError('fetch failed')
}
const page = (data: readonly string[], nextCursor: string | null): Step =>
  json(200, { data: data.map((name) => ({ name })), nextCursor })

describe('a call', () => {
  test('fills the path, the query and the body and sends the key', async () => {
    const { client, sent } = scripted([json(202, { operation: 'o1' }), json(200, { data: [], cursor: null })], {
      key: 'hk_abc',
    })

    await client.powerServer({ params: { server: SERVER }, body: { action: 'start' } })
    await client.readConsole({ params: { server: SERVER }, query: { after: '3:14', limit: undefined } })

    expect(sent[0]).toMatchObject({
      url: `http://panel.test/api/v1/servers/${SERVER}/power`,
      method: 'POST',
      body: { action: 'start' },
      credentials: 'omit',
      headers: { authorization: 'Bearer hk_abc', 'content-type': 'application/json' },
    })
    expect(sent[1]?.url).toBe(`http://panel.test/api/v1/servers/${SERVER}/console?after=3%3A14`)
    expect(sent[1]?.headers).not.toHaveProperty('idempotency-key')
  })

  test('uses the session cookie when there is no key', async () => {
    const { client, sent } = scripted([json(200, {})])
    await client.getAccount()
    expect(sent[0]?.credentials).toBe('same-origin')
    expect(sent[0]?.headers).not.toHaveProperty('authorization')
  })

  test('cannot be led to another endpoint by a path parameter', async () => {
    const { client, sent } = scripted([json(200, {})])
    await client.getServer({ params: { server: '../users?x=1' } })
    expect(sent[0]?.url).toBe('http://panel.test/api/v1/servers/..%2Fusers%3Fx%3D1')
    await expect(client.getServer({ params: { server: '' } })).rejects.toThrow('"server" is missing')
    await expect(client.getServer({ params: { server: '..' } })).rejects.toThrow('"server" is not valid')
  })

  test('sends the revision a change is based on as a strong entity tag', async () => {
    const { client, sent } = scripted([json(200, {})])
    await client.updateServer({ params: { server: SERVER }, body: { name: 'Lobby' }, ifMatch: 7 })
    expect(sent[0]?.headers['if-match']).toBe('"7"')
  })
})

describe('an error', () => {
  test('carries code, status, message, details and request id', async () => {
    const { client } = scripted([failure(409, 'SERVER_BUSY', {}, { state: 'installing' })])
    const error = await client.getServer({ params: { server: SERVER } }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HatcheryError)
    expect(error).toMatchObject({
      code: 'SERVER_BUSY',
      status: 409,
      message: 'It was SERVER_BUSY.',
      details: { state: 'installing' },
      requestId: 'r1',
    })
  })

  test('says so when something answers that is no panel', async () => {
    const { client } = scripted([() => new Response('<h1>nginx</h1>', { status: 404 })])
    await expect(client.getAccount()).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 404 })
    const page = scripted([() => new Response('<h1>welcome</h1>', { status: 200 })])
    await expect(page.client.getAccount()).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 200 })
  })

  test('tells when nobody is signed in, but not when a password is wrong', async () => {
    const codes: string[] = []
    const { client } = scripted([failure(401, 'NOT_SIGNED_IN'), failure(401, 'CREDENTIALS_INVALID')], {
      onUnauthorized: (error) => codes.push(error.code),
    })
    await expect(client.getAccount()).rejects.toThrow(HatcheryError)
    await expect(client.signIn({ body: { login: 'a', password: 'b' } })).rejects.toThrow(HatcheryError)
    expect(codes).toEqual(['NOT_SIGNED_IN'])
  })
})

describe('repeating', () => {
  test('a call that was refused for now is repeated under the same idempotency key', async () => {
    const { client, sent } = scripted([
      failure(429, 'RATE_LIMITED', { 'retry-after': '0' }),
      failure(503, 'SERVICE_UNAVAILABLE', { 'retry-after': '0' }),
      json(202, { operation: 'o1' }),
    ])
    await client.sendCommand({ params: { server: SERVER }, body: { command: 'say hi' } })
    const keys = sent.map((request) => request.headers['idempotency-key'])
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
  })

  test('two calls have two keys', async () => {
    const { client, sent } = scripted([json(202, {}), json(202, {})])
    const call = { params: { server: SERVER }, body: { action: 'stop' } } as const
    await client.powerServer(call)
    await client.powerServer(call)
    expect(sent[0]?.headers['idempotency-key']).not.toBe(sent[1]?.headers['idempotency-key'])
  })

  test('a reading or converging call is repeated when the network fails', async () => {
    const { client, sent } = scripted([broken, json(200, {}), broken, json(202, {})])
    await client.getAccount()
    await client.powerServer({ params: { server: SERVER }, body: { action: 'start' } })
    expect(sent).toHaveLength(4)
  })

  test('a call that may run at most once is not repeated when its fate is unknown', async () => {
    for (const step of [broken, () => new Response('bad gateway', { status: 502 })]) {
      const { client, sent } = scripted([step])
      const call = client.sendCommand({ params: { server: SERVER }, body: { command: 'op me' } })
      await expect(call).rejects.toBeInstanceOf(HatcheryError)
      expect(sent).toHaveLength(1)
    }
  })

  test('a repetition waits for the first try that is still at work', async () => {
    const { client, sent } = scripted([broken, failure(409, 'IDEMPOTENCY_IN_PROGRESS'), json(201, { id: 1 })])
    await client.deleteServer({ params: { server: SERVER } })
    expect(sent).toHaveLength(3)
    const first = scripted([failure(409, 'IDEMPOTENCY_IN_PROGRESS')])
    await expect(first.client.deleteServer({ params: { server: SERVER } })).rejects.toThrow('IDEMPOTENCY_IN_PROGRESS')
  })

  test('ends after the allowed attempts, and when the panel asks for a longer wait than allowed', async () => {
    const { client, sent } = scripted([broken, broken], { retry: { attempts: 2, baseDelayMs: 0 } })
    await expect(client.getAccount()).rejects.toMatchObject({ code: 'NETWORK', status: 0 })
    expect(sent).toHaveLength(2)
    const patient = scripted([failure(429, 'RATE_LIMITED', { 'retry-after': '3600' })])
    await expect(patient.client.getAccount()).rejects.toMatchObject({ retryAfterMs: 3_600_000 })
  })

  test('an error of the caller is not repeated', async () => {
    const { client, sent } = scripted([failure(422, 'VALIDATION_FAILED')])
    await expect(client.getAccount()).rejects.toThrow('VALIDATION_FAILED')
    expect(sent).toHaveLength(1)
  })
})

describe('giving up', () => {
  test('an abort while waiting for the answer or for the next try rejects with its reason', async () => {
    const reason = new Error('the page was left')
    const during = new AbortController()
    const hanging = scripted([() => new Promise<Response>(() => during.abort(reason))], {
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
          during.abort(reason)
        }),
    })
    await expect(hanging.client.getAccount({ signal: during.signal })).rejects.toBe(reason)

    const between = new AbortController()
    const refused = scripted(
      [
        () => {
          queueMicrotask(() => setTimeout(() => between.abort(reason)))
          return new Response('{"error":{"code":"RATE_LIMITED"}}', { status: 429, headers: { 'retry-after': '20' } })
        },
      ],
      {},
    )
    await expect(refused.client.getAccount({ signal: between.signal })).rejects.toBe(reason)
  })

  test('an answer that does not come in time is an error of its own', async () => {
    const { client } = scripted([], {
      timeoutMs: 5,
      retry: { attempts: 1 },
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(init.signal?.reason))),
    })
    await expect(client.getAccount()).rejects.toMatchObject({ code: 'TIMEOUT', status: 0 })
  })
})

describe('paginate', () => {
  test('walks all pages with the query kept, and reads no page before it is needed', async () => {
    const { client, sent } = scripted([page(['a', 'b'], 'c1'), page(['c'], 'c2'), page([], null)])
    const names: string[] = []
    for await (const server of paginate(client.listServers, { query: { state: 'running' } })) {
      names.push(`${server.name} after ${sent.length} reads`)
    }
    expect(names).toEqual(['a after 1 reads', 'b after 1 reads', 'c after 2 reads'])
    expect(sent.map((request) => new URL(request.url).search)).toEqual([
      '?state=running',
      '?state=running&cursor=c1',
      '?state=running&cursor=c2',
    ])
  })
})

test('the generated types say what the contracts say', () => {
  expectTypeOf<ResponseOf<typeof listServers>>().toExtend<EndpointTypes['listServers']['response']>()
  expectTypeOf<BodyOf<typeof createServer>>().toExtend<EndpointTypes['createServer']['body']>()
  expectTypeOf<QueryOf<typeof listServers>>().toExtend<EndpointTypes['listServers']['query']>()
  expectTypeOf<ResponseOf<typeof getServer>>().toExtend<EndpointTypes['getServer']['response']>()
  const { client } = scripted([])
  expectTypeOf(client.getAccount).toBeCallableWith()
  // @ts-expect-error: the server is required
  expectTypeOf(client.getServer).toBeCallableWith()
  // @ts-expect-error: there is no such action
  expectTypeOf(client.powerServer).toBeCallableWith({ params: { server: SERVER }, body: { action: 'explode' } })
})
