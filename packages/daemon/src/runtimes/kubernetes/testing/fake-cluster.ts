import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { FakePod } from './fake-pods.ts'
import { Conflict, FakeStore, type Stored } from './fake-store.ts'

const TOKEN = 'token-of-the-agent'

class NotFound extends Error {}

/**
 * An API server with one node, for tests: the objects, watches, logs and channels that the Kubernetes runtime uses, over
 * the real HTTP paths and the WebSocket protocol. It is no kubelet: pods are process groups of this machine, nothing is
 * isolated or limited, no image is pulled, no scheduler decides and no admission refuses.
 */
export class FakeCluster {
  readonly store = new FakeStore()
  readonly #pods = new Map<string, FakePod>()
  readonly #volumes = mkdtempSync(join(tmpdir(), 'runtimes-fake-cluster-'))
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'v5.channel.k8s.io' })
  readonly #server: Server
  /** Says why the image of the next pods does not come; null lets them run. */
  imageFailure: string | null = null

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#server.on('upgrade', (request, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head))
  }

  static async start(): Promise<FakeCluster> {
    const cluster = new FakeCluster()
    cluster.#server.listen(0, '127.0.0.1')
    await once(cluster.#server, 'listening')
    return cluster
  }

  get access(): { readonly url: string; readonly token: string } {
    return { url: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`, token: TOKEN }
  }

  /** Ends every stream and channel, as an API server does that is replaced. */
  cut(): void {
    this.#server.closeAllConnections()
    for (const socket of this.#sockets.clients) socket.terminate()
  }

  /** Takes a pod away, as a node does that is drained. */
  evict(name: string): void {
    this.#delete('pods', name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pod of this.#pods.values()) pod.close()
    this.cut()
    this.#server.close()
    rmSync(this.#volumes, { recursive: true, force: true })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://cluster')
    try {
      if (request.headers.authorization !== `Bearer ${TOKEN}`) return send(response, 401, { message: 'Unauthorized' })
      const parts: Buffer[] = []
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
      const text = Buffer.concat(parts).toString('utf8')
      const body = (text === '' ? {} : JSON.parse(text)) as Stored
      const metrics = /^\/apis\/metrics\.k8s\.io\/v1beta1\/namespaces\/games\/pods\/([\w-]+)$/.exec(url.pathname)
      if (metrics) return send(response, 200, this.#metrics(metrics[1] ?? ''))
      const [, kind = '', name, sub] =
        /^\/api\/v1\/namespaces\/games\/(\w+)(?:\/([\w-]+))?(?:\/(\w+))?$/.exec(url.pathname) ?? []
      if (sub === 'log') return this.#log(name ?? '', url.searchParams, request, response)
      if (url.searchParams.get('watch') === 'true') return this.#watch(kind, url.searchParams, request, response)
      send(response, request.method === 'POST' ? 201 : 200, this.#object(request.method ?? '', kind, name, url, body))
    } catch (error) {
      const status = error instanceof Conflict ? 409 : error instanceof NotFound ? 404 : 500
      send(response, status, { kind: 'Status', code: status, message: (error as Error).message })
    }
  }

  #object(method: string, kind: string, name: string | undefined, url: URL, body: Stored): object {
    if (name === undefined && method === 'GET') {
      const pairs = (url.searchParams.get('labelSelector') ?? '').split(',').filter(Boolean)
      return { items: this.store.list(kind, Object.fromEntries(pairs.map((pair) => pair.split('=')))) }
    }
    if (name === undefined) return this.#create(kind, body)
    const existing = this.store.find(kind, name)
    if (!existing) throw new NotFound(`${kind} "${name}" not found`)
    if (method === 'PUT') return this.store.replace(kind, body)
    if (method === 'PATCH') return this.store.replace(kind, { ...existing, data: { ...existing.data, ...body.data } })
    if (method === 'DELETE') {
      const { preconditions } = body as { preconditions?: { uid?: string } }
      return this.#delete(kind, name, preconditions?.uid)
    }
    return existing
  }

  #create(kind: string, body: Stored): Stored {
    const pending = { ...body, ...(kind === 'pods' ? { status: { phase: 'Pending' } } : {}) }
    const object = this.store.create(kind, pending)
    if (kind === 'pods') setImmediate(() => this.#run(object))
    return object
  }

  /** What the node does with a pod that it is given. */
  #run(pod: Stored): void {
    const { name, uid } = pod.metadata
    const report = (status: object) => {
      const now = this.store.find('pods', name)
      if (now?.metadata.uid === uid) this.store.replace('pods', { ...now, ...{ status } })
    }
    if (this.imageFailure !== null) {
      const waiting = { reason: 'ImagePullBackOff', message: this.imageFailure }
      return report({ phase: 'Pending', containerStatuses: [{ name: 'game', state: { waiting } }] })
    }
    const claim = (claimName: string) => {
      if (!this.store.find('persistentvolumeclaims', claimName)) throw new Error(`no claim ${claimName}`)
      const directory = join(this.#volumes, claimName)
      mkdirSync(directory, { recursive: true })
      return directory
    }
    this.#pods.set(uid, new FakePod(pod, { claim, report, find: (kind, other) => this.store.find(kind, other) }))
  }

  #delete(kind: string, name: string, uid?: string): object {
    const object = this.store.delete(kind, name, uid)
    if (kind === 'pods' && object) {
      this.#pods.get(object.metadata.uid)?.close()
      this.#pods.delete(object.metadata.uid)
    }
    return object ?? {}
  }

  #metrics(name: string): object {
    if (!this.#pods.has(this.store.find('pods', name)?.metadata.uid ?? '')) throw new NotFound(name)
    return { containers: [{ name: 'game', usage: { cpu: '12500000n', memory: '2048Ki' } }] }
  }

  #watch(kind: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    const [, name] = (query.get('fieldSelector') ?? '').split('=')
    // Without a version a watch begins with what is there.
    let version = Number(query.get('resourceVersion') ?? 0)
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    const write = () => {
      if (version < this.store.compactedTo && version !== 0) {
        response.end(
          `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } })}\n`,
        )
        return
      }
      for (const event of this.store.since(version)) {
        version = event.version
        if (event.kind === kind && event.object.metadata.name === name) response.write(`${JSON.stringify(event)}\n`)
      }
    }
    this.store.changes.on('change', write)
    request.socket.once('close', () => this.store.changes.off('change', write))
    write()
  }

  #log(name: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    const pod = this.#pods.get(this.store.find('pods', name)?.metadata.uid ?? '')
    if (!pod) throw new NotFound(name)
    const since = query.get('sinceTime')?.slice(0, 19) ?? ''
    let next = 0
    response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders()
    const write = () => {
      for (; next < pod.log.length; next++) {
        const line = pod.log[next]!
        if (line.toString('latin1', 0, 19) >= since) response.write(line)
      }
      if (pod.isOver || query.get('follow') !== 'true') response.end()
    }
    pod.events.on('log', write)
    request.socket.once('close', () => pod.events.off('log', write))
    write()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://cluster')
    const [, name = '', verb] = /^\/api\/v1\/namespaces\/games\/pods\/([\w-]+)\/(attach|exec)$/.exec(url.pathname) ?? []
    const pod = this.#pods.get(this.store.find('pods', name)?.metadata.uid ?? '')
    if (!pod || pod.isOver || request.headers.authorization !== `Bearer ${TOKEN}`) {
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n')
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (channel) => {
      if (verb === 'attach') attach(channel, pod)
      else execute(channel, pod, url.searchParams.getAll('command'))
    })
  }
}

function attach(channel: WebSocket, pod: FakePod): void {
  channel.on('message', (data: Buffer) => {
    if (data[0] === 0) pod.child.stdin?.write(data.subarray(1))
  })
  pod.child.once('close', () => channel.close())
}

/** Runs nothing: the one script that the runtime sends, which would signal this whole machine here, is understood. */
function execute(channel: WebSocket, pod: FakePod, command: readonly string[]): void {
  const [, signal] = /^kill -s ([A-Z0-9]+) -- -1; kill -s \1 1$/.exec(command[2] ?? '') ?? []
  if (signal !== undefined) pod.signal(`SIG${signal}` as NodeJS.Signals)
  const status = signal === undefined ? { status: 'Failure' } : { status: 'Success' }
  channel.send(Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(status))]))
  channel.close()
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return void response.end()
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
