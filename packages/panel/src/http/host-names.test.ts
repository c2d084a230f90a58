import { once } from 'node:events'
import { request as send } from 'node:http'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createPanel, type PanelOptions } from '../create-panel.ts'
import { noServices } from '../testing/no-services.ts'
import { openTestDatabase } from '../testing/test-database.ts'

interface Asked {
  readonly host: string
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A panel that really listens, and requests to it under any name. */
async function openPanel(listenOn: string, options: Partial<PanelOptions> = {}) {
  const database = await openTestDatabase('sqlite')
  const masterKey = new Uint8Array(32).fill(7)
  const panel = await createPanel({
    database: database.store,
    masterKey,
    log: 'silent',
    services: noServices,
    ...options,
  })
  const { port } = new URL(await panel.listen({ port: 0, host: listenOn }))
  const ask = async ({ host, path = '/api/v1/health', method = 'GET', headers = {} }: Asked) => {
    const asked = send({ host: '127.0.0.1', port, path, method, headers: { host, ...headers }, agent: false }).end()
    const [response] = await once(asked, 'response')
    let text = ''
    for await (const part of response) text += part
    const { error } = JSON.parse(text) as { error?: { code: string; message: string } }
    return { status: response.statusCode as number, code: error?.code, message: error?.message }
  }
  return {
    ask,
    port,
    async [Symbol.asyncDispose]() {
      await panel.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

describe('a panel that listens on loopback', () => {
  test.each(['127.0.0.1', 'localhost', 'LOCALHOST.', 'app.localhost', '[::1]', '192.0.2.7', '[2001:db8::7]'])(
    'answers to %s, with a port and without',
    async (name) => {
      await using panel = await openPanel('127.0.0.1')
      expect((await panel.ask({ host: name })).status).toBe(200)
      expect((await panel.ask({ host: `${name}:${panel.port}` })).status).toBe(200)
    },
  )

  test.each(['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.evil.example', 'notlocalhost'])(
    'refuses %s everywhere a browser gets, and says what to do',
    async (host) => {
      await using panel = await openPanel('127.0.0.1')
      for (const path of ['/api/v1/account', '/api/v1/health', '/api/docs', '/api/v1/openapi.json', '/api/none']) {
        expect(await panel.ask({ host, path })).toMatchObject({ status: 421, code: 'HOST_NOT_ALLOWED' })
      }
      const post = { host, path: '/api/v1/auth/sign-in', method: 'POST', headers: { origin: `http://${host}` } }
      const refused = await panel.ask(post)
      expect(refused.code).toBe('HOST_NOT_ALLOWED')
      expect(refused.message).toContain('HATCHERY_PUBLIC_URL')
      expect(refused.message).toContain(host.replace(':8080', ''))
    },
  )

  test('refuses a WebSocket under a foreign name that names itself as its origin', async () => {
    await using panel = await openPanel('127.0.0.1')
    const headers = { host: 'evil.example', origin: 'http://evil.example' }
    const socket = new WebSocket(`ws://127.0.0.1:${panel.port}/api/v1/live`, { headers })
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error.message).toContain('421')
  })

  test('answers programs under any name: what proves itself is no page of somebody else', async () => {
    await using panel = await openPanel('127.0.0.1')
    const headers = { authorization: `Bearer hk_${'a'.repeat(16)}_${'b'.repeat(43)}` }
    expect((await panel.ask({ host: 'panel', path: '/api/v1/account', headers })).code).toBe('NOT_SIGNED_IN')
    const enrol = { host: 'panel', path: '/api/v1/agent/enrol', method: 'POST' }
    expect((await panel.ask(enrol)).code).toBe('VALIDATION_FAILED')
  })

  test('is not talked round by a forwarding header, not even from a trusted proxy', async () => {
    await using panel = await openPanel('127.0.0.1', { trustedProxies: ['127.0.0.1'], allowedHosts: ['panel.lan'] })
    const forwarded = (name: string) => ({ 'x-forwarded-host': name })
    const code = async (host: string, name: string) => (await panel.ask({ host, headers: forwarded(name) })).code
    expect(await code('evil.example', 'localhost')).toBe('HOST_NOT_ALLOWED')
    expect(await code('127.0.0.1', 'evil.example')).toBe('HOST_NOT_ALLOWED')
    expect(await code('127.0.0.1', 'panel.lan')).toBeUndefined()
  })
})

describe('a panel on all addresses', () => {
  test('locks no new host out: it answers to any name until it was told one', async () => {
    await using panel = await openPanel('0.0.0.0')
    expect((await panel.ask({ host: 'games.example.com' })).status).toBe(200)
  })

  test('answers to its own names only, once it was told them', async () => {
    await using panel = await openPanel('0.0.0.0', {
      publicUrl: 'https://panel.example.com',
      allowedOrigins: ['https://shop.example.com'],
      allowedHosts: ['panel.lan', '*.hosting.example'],
    })
    const code = async (host: string) => (await panel.ask({ host })).code
    for (const name of ['panel.example.com', 'shop.example.com', 'PANEL.lan:8080', 'a.b.hosting.example', '10.0.0.9']) {
      expect(await code(name), name).toBeUndefined()
    }
    for (const name of ['hosting.example', 'evilhosting.example', 'example.com', 'panel.lan.evil.example']) {
      expect(await code(name), name).toBe('HOST_NOT_ALLOWED')
    }
  })

  test('answers to every name again when told so', async () => {
    await using panel = await openPanel('127.0.0.1', { allowedHosts: ['*'] })
    expect((await panel.ask({ host: 'evil.example' })).status).toBe(200)
  })
})
