import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { getAccount, getHealth, getSystem, signIn } from '@hatchery/core/api'
import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { createPanel, type PanelOptions } from './create-panel.ts'
import { noServices } from './testing/no-services.ts'
import { openTestDatabase } from './testing/test-database.ts'
import { createTestPanel, DIALECTS } from './testing/test-panel.ts'

const services = noServices
const masterKey = new Uint8Array(32)
const run = promisify(execFile)

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-panel-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

describe('a panel', () => {
  test('serves, ends, and leaves nothing open: its process exits by itself', { timeout: 30_000 }, async () => {
    await inDirectory(async (directory) => {
      const script = `
        import { createPanel } from ${JSON.stringify(new URL('create-panel.ts', import.meta.url).href)}
        import { noServices } from ${JSON.stringify(new URL('testing/no-services.ts', import.meta.url).href)}
        const directory = ${JSON.stringify(directory)}
        const panel = await createPanel({ database: 'sqlite:' + directory + '/panel.db', masterKey: { directory }, log: 'silent', services: noServices })
        const url = await panel.listen({ port: 0 })
        const answer = await fetch(url + '/api/v1/health')
        console.log(answer.status, await answer.text())
        await panel.close()`
      const { stdout } = await run(
        process.execPath,
        ['--conditions=@hatchery/source', '--input-type=module', '--eval', script],
        { timeout: 25_000 },
      )
      expect(stdout.trim()).toBe('200 {"ready":true}')
    })
  })

  test('says what it is, and describes its API without asking anybody else', async () => {
    await using panel = await createTestPanel({ services, panelName: 'My Games' })
    expect((await panel.anonymous.call(getSystem)).body).toMatchObject({ name: 'My Games', signIn: { password: true } })
    expect((await panel.anonymous.call(getHealth)).body).toEqual({ ready: true })
    const api = await panel.inject({ url: '/api/v1/openapi.json' })
    expect(api.json().openapi).toBe('3.1.0')
    const docs = await panel.inject({ url: '/api/docs' })
    expect(docs.headers['content-type']).toContain('text/html')
    expect(docs.body).not.toMatch(/(?:src|href)="?https?:/)
    const script = /<script>([\s\S]*)<\/script>/.exec(docs.body)![1]!
    const hash = createHash('sha256').update(script).digest('base64')
    expect(docs.headers['content-security-policy']).toContain(`script-src 'self' 'sha256-${hash}'`)
  })
})

test('a database is refused with another master key than its own', async () => {
  await using database = await openTestDatabase('sqlite')
  const options = { database: database.store, log: 'silent', services } as const
  await (await createPanel({ ...options, masterKey })).close()
  await expect(createPanel({ ...options, masterKey: new Uint8Array(32).fill(1) })).rejects.toThrow('another master key')
  await (await createPanel({ ...options, masterKey })).close()
})

describe('mounted in a host’s app', () => {
  test('adds nothing to it, and takes nothing from it', async () => {
    await using database = await openTestDatabase('sqlite')
    const app = Fastify()
    app.setErrorHandler((_error, _request, reply) => reply.code(418).send({ host: true }))
    app.setNotFoundHandler((_request, reply) => reply.code(404).send('the host’s own'))
    app.addContentTypeParser(
      'application/x-host',
      { parseAs: 'string' },
      async (_request: unknown, body: string | Buffer) => `parsed ${String(body)}`,
    )
    app.post('/own', async (request) => ({ body: request.body }))
    app.get('/fails', async () => {
      throw new Error('host')
    })
    const panel = await createPanel({ database: database.store, masterKey, log: 'silent', services })
    await app.register(panel.plugin, { prefix: '/games' })
    await app.ready()

    expect((await app.inject({ url: '/games/api/v1/health' })).json()).toEqual({ ready: true })
    expect((await app.inject({ url: '/games/api/v1/none' })).json().error.code).toBe('ROUTE_NOT_FOUND')
    expect((await app.inject({ url: '/games/api/v1/account' })).json().error.code).toBe('NOT_SIGNED_IN')
    expect((await app.inject({ method: 'PUT', url: '/games/api/v1/account' })).json().error.code).toBe(
      'METHOD_NOT_ALLOWED',
    )
    expect((await app.inject({ url: '/elsewhere' })).body).toBe('the host’s own')
    expect((await app.inject({ url: '/fails' })).statusCode).toBe(418)
    const own = await app.inject({
      method: 'POST',
      url: '/own',
      headers: { 'content-type': 'application/x-host' },
      payload: 'x',
    })
    expect(own.json()).toEqual({ body: 'parsed x' })
    for (const header of ['x-request-id', 'x-frame-options']) expect(own.headers[header]).toBeUndefined()
    await app.close()
  })

  test('believes the host’s own sign-in', async () => {
    await using database = await openTestDatabase('sqlite')
    let person: string | null = null
    await using panel = await createTestPanel({
      database: database.store,
      services,
      authenticate: ({ headers }) =>
        headers['x-host-user'] === 'known' && person !== null ? { userUuid: person } : null,
    })
    const user = await panel.createUser()
    person = user.uuid
    expect((await panel.anonymous.call(getAccount, { headers: { 'x-host-user': 'known' } })).body.id).toBe(user.uuid)
    expect(await panel.anonymous.refusal(getAccount)).toBe('NOT_SIGNED_IN')
    const client = await panel.signInAs(user)
    expect((await client.call(getAccount)).status).toBe(200)
  })
})

describe('WebSocket upgrades', () => {
  const upgrade = (port: number, path: string, headers: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      const asked = request({
        port,
        host: '127.0.0.1',
        path,
        headers: { connection: 'upgrade', upgrade: 'websocket', ...headers },
      })
      asked.once('upgrade', (_response, socket) => {
        socket.destroy()
        resolve(101)
      })
      asked.once('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      asked.once('error', reject)
      asked.end()
    })

  const upgrading: PanelOptions['services'] = (base) => ({
    ...noServices(base),
    handleUpgrade: (path, _request, socket) => {
      if (path !== '/api/v1/live') return false
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      return true
    },
  })

  test('are for our own pages only, before anything is upgraded', async () => {
    await using database = await openTestDatabase('sqlite')
    const panel = await createPanel({ database: database.store, masterKey, log: 'silent', services: upgrading })
    const port = Number(new URL(await panel.listen({ port: 0 })).port)
    expect(await upgrade(port, '/api/v1/live', { origin: `http://127.0.0.1:${port}` })).toBe(101)
    expect(await upgrade(port, '/api/v1/live?x=1')).toBe(101)
    expect(await upgrade(port, '/api/v1/live', { origin: 'https://evil.example' })).toBe(403)
    expect(await upgrade(port, '/api/v1/other')).toBe(404)
    expect(await upgrade(port, '/anything')).toBe(404)
    await panel.close()
  })

  test('leave a host’s own alone, also when the host answers every upgrade through its routes', async () => {
    await using database = await openTestDatabase('sqlite')
    const app = Fastify({ forceCloseConnections: true })
    app.get('/own', async (_request, reply) => {
      reply.hijack()
      reply.raw.write('x')
      reply.raw.socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    })
    // What a WebSocket plugin does: it hands every upgrade to the router with an answer bound to the socket.
    const { ServerResponse } = await import('node:http')
    app.server.on('upgrade', (incoming, socket) => {
      const answer = new ServerResponse(incoming)
      answer.assignSocket(socket as never)
      app.routing(incoming, answer)
    })
    const panel = await createPanel({ database: database.store, masterKey, log: 'silent', services: upgrading })
    await app.register(panel.plugin)
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    expect(await upgrade(port, '/api/v1/live')).toBe(101)
    expect(await upgrade(port, '/own')).toBe(200)
    await app.close()
  })
})

describe('the web app', () => {
  test('is served with its policy, for ever where its name is its content, and for every page of its own', async () => {
    await inDirectory(async (directory) => {
      const webRoot = join(directory, 'web')
      await mkdir(join(webRoot, 'assets'), { recursive: true })
      await writeFile(join(webRoot, 'index.html'), '<!doctype html><script>theme()</script><div id="app"></div>')
      await writeFile(join(webRoot, 'assets/index-Ab12Cd34.js'), 'plain')
      await writeFile(join(webRoot, 'assets/index-Ab12Cd34.js.br'), 'brotli')
      await writeFile(join(directory, 'outside.txt'), 'secret')
      await using panel = await createTestPanel({ services, webRoot })

      const page = await panel.inject({ url: '/servers/12345678/console' })
      expect(page.body).toContain('id="app"')
      expect(page.headers['cache-control']).toBe('no-cache')
      const hash = createHash('sha256').update('theme()').digest('base64')
      expect(page.headers['content-security-policy']).toContain(`script-src 'self' 'sha256-${hash}'`)
      expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
      const script = await panel.inject({ url: '/assets/index-Ab12Cd34.js' })
      expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable')
      expect(script.body).toBe('plain')
      const packed = await panel.inject({
        url: '/assets/index-Ab12Cd34.js',
        headers: { 'accept-encoding': 'gzip, br' },
      })
      expect([packed.headers['content-encoding'], packed.body]).toEqual(['br', 'brotli'])
      const again = await panel.inject({
        url: '/assets/index-Ab12Cd34.js',
        headers: { 'if-none-match': String(script.headers.etag) },
      })
      expect(again.statusCode).toBe(304)
      for (const url of ['/assets/gone.js', '/..%2foutside.txt', '/%2e%2e/outside.txt', '/assets/%zz', '/api/none']) {
        const answer = await panel.inject({ url })
        expect([url, answer.statusCode >= 400, answer.body.includes('secret')]).toEqual([url, true, false])
      }
    })
  })
})

for (const dialect of DIALECTS.filter((name) => name !== 'sqlite')) {
  describe(`a second instance on ${dialect}`, () => {
    test('refuses to start without Redis, and starts when the first has ended', { timeout: 30_000 }, async () => {
      await using database = await openTestDatabase(dialect)
      const options = { database: database.url, masterKey, log: 'silent', services } as const
      const first = await createPanel(options)
      await expect(createPanel(options)).rejects.toThrow('without Redis')
      await first.close()
      const second = await createPanel(options)
      await second.close()
    })

    test.skipIf(process.env['HATCHERY_TEST_REDIS'] === undefined)(
      'with Redis shares sessions with the first, and what ends on one ends on the other',
      async () => {
        await using database = await openTestDatabase(dialect)
        const options = { database: database.store, redis: process.env['HATCHERY_TEST_REDIS']!, services }
        await using one = await createTestPanel(options)
        await using two = await createTestPanel(options)
        const user = await one.createUser()
        const answer = await one.anonymous.call(signIn, { body: { login: user.email, password: user.password } })
        const headers = { cookie: (answer.headers['set-cookie'] as string[])[0]!.split(';')[0]! }
        expect((await two.anonymous.call(getAccount, { headers })).status).toBe(200)

        const heard = Promise.withResolvers<void>()
        two.ctx.revocations.onRevocation(() => heard.resolve())
        await one.anonymous.request({ method: 'POST', url: '/api/v1/auth/sign-out', headers })
        await heard.promise
        expect(await two.anonymous.refusal(getAccount, { headers })).toBe('NOT_SIGNED_IN')
      },
    )
  })
}
