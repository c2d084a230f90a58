/**
 * A panel that knows everything and does nothing: serves `app-dist/` and answers the contracts with made-up data, so that
 * pages can be looked at without a database, an agent or a game. `node --conditions=@hatchery/source test/mock-panel.ts [port]`
 */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { ENDPOINTS } from '@hatchery/core/sdk'
import { WebSocketServer } from 'ws'
import { answer, Refusal, type Mood } from './mock-answers.ts'
import { serveLive } from './mock-live.ts'

export type { Mood } from './mock-answers.ts'

const DIST = process.env['APP_DIST'] ?? new URL('../app-dist/', import.meta.url).pathname
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
}
/** As strict as the panel's: whatever the app does must work under it. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

export interface MockPanel {
  readonly url: string
  mood: Mood
  close(): Promise<void>
}

export async function startMockPanel(port = 0): Promise<MockPanel> {
  const panel = { mood: 'full' as Mood }
  const http: HttpServer = createServer((request, response) => void handle(panel.mood, request, response))
  const sockets = new WebSocketServer({ server: http, path: '/api/v1/live' })
  sockets.on('connection', (socket) => serveLive(socket, panel))
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  const address = http.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`
  return Object.assign(panel, {
    url,
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  })
}

async function handle(mood: Mood, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://mock')
  if (!url.pathname.startsWith('/api/')) return serveFile(url.pathname, response)
  const path = url.pathname.slice('/api/v1'.length)
  const found = Object.entries(ENDPOINTS)
    .map(([name, endpoint]) => ({ name, endpoint, params: match(endpoint.path, path) }))
    .find(({ endpoint, params }) => params && endpoint.method === request.method)
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  const requestId = 'req-01J9ZK3V7Q'
  try {
    if (!found?.params) throw new Refusal(404, 'ROUTE_NOT_FOUND', 'There is no such endpoint.')
    const isSignedIn = (request.headers.cookie ?? '').includes('mock=1')
    if (!isSignedIn && !['signIn', 'getSystem', 'getHealth'].includes(found.name)) {
      throw new Refusal(401, 'NOT_SIGNED_IN', 'Sign in, or send a valid API key.')
    }
    const isJson = request.headers['content-type']?.includes('json') ?? false
    const body: unknown = text && isJson ? JSON.parse(text) : {}
    const result = await answer(mood, found.name, {
      params: found.params,
      query: url.searchParams,
      body: body as Record<string, unknown>,
    })
    if (result instanceof Blob) {
      response
        .writeHead(200, { 'content-type': 'application/octet-stream', etag: '"1"' })
        .end(Buffer.from(await result.arrayBuffer()))
      return
    }
    const headers: Record<string, string> = { 'content-type': 'application/json', 'x-request-id': requestId }
    if (found.name === 'signIn') headers['set-cookie'] = 'mock=1; Path=/; HttpOnly; SameSite=Lax'
    if (found.name === 'signOut') headers['set-cookie'] = 'mock=; Path=/; Max-Age=0'
    response.writeHead(200, headers).end(JSON.stringify(result))
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'INTERNAL', String(error))
    const { code, message, details } = refusal
    response
      .writeHead(refusal.status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { code, message, details, requestId } }))
  }
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = decodeURIComponent(given[index] ?? '')
    if (part.startsWith(':')) params[part.slice(1)] = value
    else if (part !== value) return undefined
  }
  return params
}

async function serveFile(path: string, response: ServerResponse): Promise<void> {
  const file = join(DIST, normalize(path))
  const isAsset = extname(path) !== ''
  try {
    const bytes = await readFile(isAsset ? file : join(DIST, 'index.html'))
    response
      .writeHead(200, {
        'content-type': TYPES[isAsset ? extname(path) : '.html'] ?? 'application/octet-stream',
        'content-security-policy': CSP,
        'x-content-type-options': 'nosniff',
      })
      .end(bytes)
  } catch {
    // Not a file of the build: that is all a mock has to say.
    response.writeHead(404).end()
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const panel = await startMockPanel(Number(process.argv[2] ?? 8090))
  panel.mood = (process.argv[3] as Mood | undefined) ?? 'full'
  console.log(`Mock panel at ${panel.url}; any password but "wrong" signs in.`)
}
