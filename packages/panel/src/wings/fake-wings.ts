import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

export interface FakeWingsOptions {
  readonly tokenId: string
  readonly token: string
  /** Address of the panel. */
  readonly remote: string
  /** Origin that sockets must show. */
  readonly origin: string
  /** Port of an earlier one that comes back. */
  readonly port?: number
}

interface FakeServer {
  readonly uuid: string
  state: string
  readonly logs: string[]
  readonly sockets: Set<WebSocket>
}

const STATS = {
  memory_bytes: 1024,
  memory_limit_bytes: 268435456,
  cpu_absolute: 1.5,
  network: { rx_bytes: 10, tx_bytes: 20 },
  uptime: 1000,
  disk_bytes: 4096,
}

/** A Wings as its protocol is known from outside: HTTP and sockets on loopback, servers in memory only. For tests. */
export class FakeWings implements AsyncDisposable {
  readonly calls: { readonly method: string; readonly path: string; readonly body: unknown }[] = []
  readonly servers = new Map<string, FakeServer>()
  /** What the panel answered to each request for a server's configuration. */
  readonly configurations = new Map<string, { settings: { invocation: string; skip_egg_scripts: boolean } }>()
  /** What the next requests are answered instead, while it is set. */
  fault: { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | null = null
  installsSucceed = true
  /** Whether it says by itself how an installation ended. */
  finishesInstalls = true
  readonly #options: FakeWingsOptions
  readonly #http: Server
  readonly #sockets = new WebSocketServer({ noServer: true })

  private constructor(options: FakeWingsOptions) {
    this.#options = options
    this.#http = createServer((request, response) => {
      this.#answer(request).then(
        ({ status, body, headers }) => {
          response.writeHead(status, { 'content-type': 'application/json', ...headers })
          response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
        },
        (error: unknown) => {
          response.writeHead(500)
          response.end(JSON.stringify({ error: String(error) }))
        },
      )
    })
    this.#http.on('upgrade', (request, socket, head) => {
      const uuid = /^\/api\/servers\/([0-9a-f-]{36})\/ws$/.exec(request.url ?? '')?.[1]
      const server = this.servers.get(uuid ?? '')
      if (!server || request.headers.origin !== options.origin) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#serve(server, webSocket))
    })
  }

  static async start(options: FakeWingsOptions): Promise<FakeWings> {
    const fake = new FakeWings(options)
    fake.#http.listen(options.port ?? 0, '127.0.0.1')
    await once(fake.#http, 'listening')
    return fake
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  print(uuid: string, ...lines: readonly string[]): void {
    const server = this.#serverOf(uuid)
    server.logs.push(...lines)
    for (const line of lines) this.#publish(server, 'console output', line)
  }

  /** Ends the process of a server by itself, as a crash that is not restarted. */
  crash(uuid: string, code: number): void {
    const server = this.#serverOf(uuid)
    const daemon = (text: string) =>
      this.#publish(server, 'console output', `\u001b[33m\u001b[1m[Pterodactyl Daemon]:\u001b[39m ${text}\u001b[0m`)
    this.setState(uuid, 'offline')
    daemon('---------- Detected server process in a crashed state! ----------')
    daemon(`Exit code: ${code}`)
    daemon('Out of memory: false')
  }

  setState(uuid: string, state: string): void {
    const server = this.#serverOf(uuid)
    server.state = state
    this.#publish(server, 'status', state)
  }

  sendStats(uuid: string): void {
    const server = this.#serverOf(uuid)
    this.#publish(server, 'stats', JSON.stringify({ ...STATS, state: server.state }))
  }

  /** Cuts every socket, as a proxy that is restarted does. */
  cutSockets(): void {
    for (const socket of this.#sockets.clients) socket.terminate()
  }

  isWatched(uuid: string): boolean {
    return (this.servers.get(uuid)?.sockets.size ?? 0) > 0
  }

  async finishInstall(uuid: string, isReinstall: boolean): Promise<number> {
    const body = { successful: this.installsSucceed, reinstall: isReinstall }
    return (await this.remote('POST', `/servers/${uuid}/install`, body)).status
  }

  /** Calls the panel as this node. */
  async remote(method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const { remote, tokenId, token } = this.#options
    const answer = await fetch(`${remote}/api/remote${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokenId}.${token}`,
        accept: 'application/vnd.pterodactyl.v1+json',
        'content-type': 'application/json',
        'user-agent': `Pterodactyl Wings/v1.11.13 (id:${tokenId})`,
      },
      // A call without a payload sends the JSON text of nothing.
      ...(method === 'POST' && { body: JSON.stringify(body ?? null) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutSockets()
    this.#http.closeAllConnections()
    this.#http.close()
    await once(this.#http, 'close')
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const text = await readBody(request)
    const path = new URL(request.url ?? '/', 'http://wings').pathname
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    this.calls.push({ method: request.method ?? '', path, body })
    const { fault } = this
    if (fault) return { status: fault.status, body: fault.body, headers: fault.headers }
    if (request.headers.authorization !== `Bearer ${this.#options.token}`) {
      return { status: 403, body: { error: 'You are not authorized to access this endpoint.' } }
    }
    if (path === '/api/system') {
      return {
        status: 200,
        body: { architecture: 'amd64', cpu_count: 2, kernel_version: '6', os: 'linux', version: '1.11.13' },
      }
    }
    if (path === '/api/servers' && request.method === 'GET') {
      return { status: 200, body: [...this.servers.values()].map(describe) }
    }
    if (path === '/api/servers') return this.#create((body as { uuid: string; start_on_completion?: boolean }) ?? {})
    const [, uuid = '', action = ''] = /^\/api\/servers\/([0-9a-f-]{36})(?:\/(\w+))?$/.exec(path) ?? []
    const server = this.servers.get(uuid)
    if (!server) return { status: 404, body: { error: 'The requested resource does not exist on this instance.' } }
    return this.#onServer(server, `${request.method} ${action}`, body)
  }

  async #onServer(server: FakeServer, call: string, body: unknown): Promise<Answer> {
    switch (call) {
      case 'GET ':
        return { status: 200, body: describe(server) }
      case 'DELETE ':
        this.servers.delete(server.uuid)
        for (const socket of server.sockets) socket.close(1001, 'server deleted')
        return { status: 204 }
      case 'GET logs':
        return { status: 200, body: { data: server.logs.slice(-100) } }
      case 'POST sync':
        await this.#configure(server.uuid)
        return { status: 204 }
      case 'POST install':
      case 'POST reinstall':
        this.#install(server, call === 'POST reinstall', false)
        return { status: 202 }
      case 'POST power':
        return this.#power(server, (body as { action: string }).action)
      case 'POST commands':
        if (server.state === 'offline') {
          return { status: 502, body: { error: 'Cannot send commands to a stopped server instance.' } }
        }
        for (const command of (body as { commands: string[] }).commands) this.#command(server, command)
        return { status: 204 }
      default:
        return { status: 404, body: { error: 'no such route' } }
    }
  }

  async #create({ uuid, start_on_completion }: { uuid: string; start_on_completion?: boolean }): Promise<Answer> {
    await this.#configure(uuid)
    const server: FakeServer = { uuid, state: 'offline', logs: [], sockets: new Set() }
    this.servers.set(uuid, server)
    this.#install(server, false, start_on_completion === true)
    return { status: 202 }
  }

  async #configure(uuid: string): Promise<void> {
    const { status, body } = await this.remote('GET', `/servers/${uuid}`)
    if (status !== 200) throw new Error(`The panel answered ${status}.`)
    this.configurations.set(uuid, body as { settings: { invocation: string; skip_egg_scripts: boolean } })
  }

  #install(server: FakeServer, isReinstall: boolean, startsAfterwards: boolean): void {
    if (!this.finishesInstalls) return
    const run = async () => {
      if (this.configurations.get(server.uuid)?.settings.skip_egg_scripts !== true) {
        const script = await this.remote('GET', `/servers/${server.uuid}/install`)
        if (script.status !== 200) this.installsSucceed = false
        this.#publish(server, 'install output', 'installing')
      }
      await this.finishInstall(server.uuid, isReinstall)
      if (startsAfterwards) await this.#power(server, 'start')
    }
    run().catch((error: unknown) => this.#publish(server, 'daemon error', String(error)))
  }

  async #power(server: FakeServer, action: string): Promise<Answer> {
    if (action === 'stop') this.setState(server.uuid, 'stopping')
    if (action !== 'start') this.setState(server.uuid, 'offline')
    if (action === 'start' || action === 'restart') {
      await this.#configure(server.uuid)
      server.logs.length = 0
      this.setState(server.uuid, 'starting')
      this.print(server.uuid, 'ready')
      this.setState(server.uuid, 'running')
    }
    return { status: 202 }
  }

  #command(server: FakeServer, command: string): void {
    this.print(server.uuid, `got ${command}`)
  }

  #serve(server: FakeServer, socket: WebSocket): void {
    socket.on('message', (data) => {
      const { event, args } = JSON.parse(String(data)) as { event: string; args: string[] }
      if (event !== 'auth') return
      const refusal = this.#check(args[0] ?? '', server.uuid)
      if (refusal) return socket.send(JSON.stringify({ event: 'jwt error', args: [refusal] }))
      socket.send(JSON.stringify({ event: 'auth success', args: [] }))
      socket.send(JSON.stringify({ event: 'status', args: [server.state] }))
      server.sockets.add(socket)
    })
    socket.on('close', () => server.sockets.delete(socket))
  }

  #check(token: string, uuid: string): string | null {
    const [head = '', body = '', signature] = token.split('.')
    const expected = createHmac('sha256', this.#options.token).update(`${head}.${body}`).digest('base64url')
    if (signature !== expected) return 'jwt: no jwt present'
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
    if (claims['scope'] !== 'websocket') return 'jwt: missing connect permission'
    if (claims['server_uuid'] !== uuid) return 'jwt: server uuid mismatch'
    return null
  }

  #publish(server: FakeServer, event: string, argument: string): void {
    for (const socket of server.sockets) socket.send(JSON.stringify({ event, args: [argument] }))
  }

  #serverOf(uuid: string): FakeServer {
    const server = this.servers.get(uuid)
    if (!server) throw new Error(`The fake Wings has no server ${uuid}.`)
    return server
  }
}

interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Record<string, string> | undefined
}

const describe = ({ uuid, state }: FakeServer) => ({
  state,
  is_suspended: false,
  utilization: { ...STATS, uptime: state === 'offline' ? 0 : STATS.uptime, state },
  configuration: { uuid },
})

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
