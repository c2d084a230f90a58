import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { ConsoleLine, NodeHost } from '@hatchery/core/api'
import { enrolAgent } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import {
  connectToPanel,
  openDataStream,
  MAX_FRAME_BYTES,
  PANEL_CALLS,
  memoryOutbox,
  protocolSocket,
  type AgentHandlers,
  type AgentMethod,
  type AgentSession,
  type DurableEvent,
  type Generation,
  type ServerReport,
  type ServerSpec,
} from '@hatchery/core/protocol'
import type { Static } from 'typebox'
import { WebSocket } from 'ws'
import { FakeFiles } from '../files/fake-files.ts'
import { FakeTransfers } from '../files/fake-transfers.ts'
import type { TestPanel } from '../testing/test-panel.ts'

type Report = Static<typeof ServerReport>
type Spec = Static<typeof ServerSpec>
type Line = Static<typeof ConsoleLine>

export const FAKE_HOST: Static<typeof NodeHost> = {
  agentVersion: '0.1.0',
  runtime: 'memory',
  isolated: true,
  capabilities: { limits: true },
  hostname: 'fake',
  os: 'linux',
  kernel: '6',
  architecture: 'x64',
  cpuCount: 2,
  memoryMiB: 4096,
  diskMiB: 100_000,
  clockOffsetMs: 0,
}

const FLAT = { min: [1], avg: [1], max: [1] }

export interface RecordedCall {
  readonly method: AgentMethod
  readonly params: Readonly<Record<string, unknown>>
}

/** An agent over the real protocol and a real socket, with servers that exist in memory only. For tests. */
export class FakeAgent implements AsyncDisposable {
  readonly node: string
  readonly outbox = memoryOutbox()
  readonly calls: RecordedCall[] = []
  readonly servers = new Map<string, Report & { spec: Spec | null }>()
  readonly consoles = new Map<string, Line[]>()
  readonly watched = new Set<string>()
  /** Servers whose statistics somebody looks at. */
  readonly measured = new Set<string>()
  /** Replaces what the agent does for a method. */
  readonly override: { -readonly [M in AgentMethod]?: AgentHandlers[M] } = {}
  /** The files of every server. */
  readonly files = new FakeFiles(
    (ticket) => this.#openData(ticket),
    (operation, server) => this.#finish(operation, server),
  )
  readonly transfers = new FakeTransfers({
    content: this.files.content,
    open: (ticket) => this.#openData(ticket),
    finish: (operation, server) => this.#finish(operation, server),
    fail: (operation, server) => this.#finish(operation, server, 'failed'),
    emit: (event) => this.session?.emit(event),
  })
  #url = ''
  /** Where data sockets go, if elsewhere than the connection itself: a load balancer decides anew for each. */
  dataUrl: string | null = null
  secret: Uint8Array
  keyId: string
  installation: string
  /** Made by a rotation and not used yet. */
  pending: { readonly keyId: string; readonly secret: Buffer } | null = null
  highestGeneration: Generation = { epoch: 0, n: 0 }
  session: AgentSession | null = null
  /** Whether installations end by themselves. */
  finishesInstalls = true
  #seq = 0
  /** Settles when `session` is set: calls may come in the same moment as the panel's proof. */
  #ready: PromiseWithResolvers<void> = Promise.withResolvers()

  constructor(node: string, keyId: string, secret: Uint8Array, installation: string) {
    this.node = node
    this.keyId = keyId
    this.secret = secret
    this.installation = installation
  }

  /** Redeems an enrolment token as an agent does. */
  static async enrol(panel: TestPanel, token: string, secret = randomBytes(32)): Promise<FakeAgent> {
    const installation = randomUUID()
    const body = { token, secret: secret.toString('base64url'), installation, host: FAKE_HOST }
    const answer = await panel.anonymous.call(enrolAgent, { body })
    if (answer.status !== 200) throw new Error(`The enrolment was refused: ${JSON.stringify(answer.body)}`)
    return new FakeAgent(answer.body.node, answer.body.keyId, secret, installation)
  }

  /** Connects and waits until the panel has proved itself. */
  async connect(url: string): Promise<AgentSession> {
    this.#url = url
    const address = `${url.replace(/^http/, 'ws')}/api/agent/link?node=${this.node}`
    const socket = new WebSocket(address, { maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false })
    const opened = once(socket, 'open')
    // The panel speaks first, so the protocol listens before the socket is open.
    const protocol = protocolSocket(socket)
    await opened
    this.session = await connectToPanel(protocol, {
      now: Date.now,
      node: this.node,
      keyId: this.keyId,
      secret: this.secret,
      agent: { version: '0.1.0', features: [PANEL_CALLS] },
      outbox: this.outbox,
      hello: () => ({
        installation: this.installation,
        highestGeneration: this.highestGeneration,
        incarnation: this.outbox.incarnation,
        acknowledgedSeq: this.outbox.acknowledgedSeq,
        host: FAKE_HOST,
      }),
      handlers: this.#handlers(),
    })
    this.#ready.resolve()
    return this.session
  }

  async disconnect(): Promise<void> {
    const { session } = this
    this.session = null
    this.#ready = Promise.withResolvers()
    this.watched.clear()
    this.measured.clear()
    session?.close('the test disconnects')
    await session?.closed
  }

  /** Appends a durable event and sends it. */
  emit(event: DurableEvent): void {
    this.outbox.append(event, Date.now())
    this.session?.flushOutbox()
  }

  /** Changes what a server does, and reports it. */
  report(server: string, change: Partial<Report>): void {
    const before = this.#serverOf(server)
    const after = { ...before, ...change, stateSeq: ++this.#seq }
    this.servers.set(server, after)
    this.emit({ name: 'server.report', data: reportOf(after) })
  }

  /** Prints lines on a console; they are sent when somebody watches. */
  print(server: string, ...texts: readonly string[]): void {
    const log = this.consoles.get(server) ?? []
    this.consoles.set(server, log)
    const lines = texts.map((text, index): Line => ({
      run: 1,
      line: log.length + 1 + index,
      at: Date.now(),
      kind: 'out',
      text,
    }))
    log.push(...lines)
    if (this.watched.has(server)) this.session?.emit({ name: 'console', data: { server, lines } })
  }

  /** Sends one reading, if somebody looks. */
  measure(server: string, cpuPercent: number): void {
    const stats = { ...NO_STATS, at: Date.now(), cpuPercent }
    if (this.measured.has(server)) this.session?.emit({ name: 'stats', data: { server, stats } })
  }

  callsOf(method: AgentMethod): readonly RecordedCall[] {
    return this.calls.filter((call) => call.method === method)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect()
  }

  async #openData(ticket: string) {
    const { session } = this
    if (!session) throw new AppError('CONNECTION_LOST', { method: 'data stream' })
    const [id = '', route = ''] = ticket.split('.')
    const query = `node=${this.node}&stream=data${route && `&route=${route}`}`
    const socket = new WebSocket(`${(this.dataUrl ?? this.#url).replace(/^http/, 'ws')}/api/agent/link?${query}`, {
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
    })
    const protocol = protocolSocket(socket)
    await once(socket, 'open')
    return openDataStream(protocol, session, id)
  }

  #serverOf(server: string): Report & { spec: Spec | null } {
    const found = this.servers.get(server)
    if (!found) throw new AppError('SERVER_NOT_FOUND', { id: server })
    return found
  }

  #handlers(): AgentHandlers {
    const own = this.#ownHandlers()
    const recorded = Object.entries(own).map(([name, handler]) => {
      const method = name as AgentMethod
      const run = async (params: never, signal: AbortSignal) => {
        await this.#ready.promise
        this.calls.push({ method, params })
        const chosen = (this.override[method] ?? handler) as (params: never, signal: AbortSignal) => Promise<unknown>
        return chosen(params, signal)
      }
      return [name, run]
    })
    return Object.fromEntries(recorded) as AgentHandlers
  }

  #ownHandlers(): AgentHandlers {
    return {
      'node.info': async () => FAKE_HOST,
      'node.rotateSecret': async ({ keyId }) => {
        this.pending = this.pending?.keyId === keyId ? this.pending : { keyId, secret: randomBytes(32) }
        return { secret: this.pending.secret.toString('base64url') }
      },
      'console.search': async ({ server, text = '', limit = 100 }) => {
        const lines = (this.consoles.get(server) ?? []).filter((line) => line.text.includes(text)).toReversed()
        return { lines: lines.slice(0, limit), before: lines.length > limit ? '1:1' : null }
      },
      'console.runs': async () => ({ runs: [{ run: 1, firstLine: 1 }] }),
      'metrics.read': async ({ from, step: stepMs }) => ({
        from,
        stepMs,
        cpuPercent: FLAT,
        memoryBytes: FLAT,
        diskBytes: FLAT,
        networkRxBytesPerSecond: FLAT,
        networkTxBytesPerSecond: FLAT,
      }),
      'server.list': async () => ({ servers: [...this.servers.values()].map(reportOf) }),
      'server.apply': async ({ spec }) => {
        const before = this.servers.get(spec.id)
        const after = before
          ? { ...before, spec, generation: spec.generation, isOrphaned: false, stateSeq: ++this.#seq }
          : { ...EMPTY, server: spec.id, spec, generation: spec.generation, stateSeq: ++this.#seq }
        this.servers.set(spec.id, after)
        this.highestGeneration = spec.generation
        return reportOf(after)
      },
      'server.delete': async ({ server, generation, operation }) => {
        this.servers.delete(server)
        this.highestGeneration = generation
        this.#finish(operation, server)
        this.emit({ name: 'server.deleted', data: { server, generation, at: Date.now() } })
        return {}
      },
      'server.install': async ({ server, operation, startWhenInstalled }) => {
        this.#serverOf(server)
        this.emit({
          name: 'operation.started',
          data: { operation, server, phase: 'installing', at: Date.now() },
        })
        if (this.finishesInstalls) this.finishInstall(server, operation, startWhenInstalled)
        return {}
      },
      'server.power': async ({ server, action }) => {
        const state = action === 'start' || action === 'restart' ? 'running' : 'offline'
        this.report(server, { state, run: this.#serverOf(server).run + (state === 'running' ? 1 : 0) })
        return { state }
      },
      'server.command': async ({ server, command }) => {
        this.print(server, `> ${command}`)
        return {}
      },
      'server.acceptEula': async ({ server }) => {
        this.report(server, { state: 'running' })
        return {}
      },
      'server.stats': async ({ server }) => ({ state: this.#serverOf(server).state, stats: null }),
      'console.read': async ({ server, after, limit }) => {
        const lines = this.consoles.get(server) ?? []
        if (after === null) return { lines: lines.slice(-limit) }
        const [run = 0, line = 0] = after.split(':').map(Number)
        return { lines: lines.filter((l) => l.run > run || (l.run === run && l.line > line)).slice(0, limit) }
      },
      'console.watch': async ({ server, after, tail }) => {
        this.watched.add(server)
        const lines = this.consoles.get(server) ?? []
        const [run = 0, line = 0] = (after ?? '0:0').split(':').map(Number)
        const missed =
          after === null
            ? tail === 0
              ? []
              : lines.slice(-tail)
            : lines.filter((l) => l.run > run || (l.run === run && l.line > line))
        if (missed.length > 0) this.session?.emit({ name: 'console', data: { server, lines: missed } })
        return {}
      },
      'console.unwatch': async ({ server }) => {
        this.watched.delete(server)
        return {}
      },
      'stats.watch': async ({ server }) => {
        this.measured.add(server)
        return {}
      },
      'stats.unwatch': async ({ server }) => {
        this.measured.delete(server)
        return {}
      },
      'operation.cancel': async ({ operation }) => {
        this.emit({
          name: 'operation.finished',
          data: { operation, server: null, status: 'cancelled', error: null, at: Date.now() },
        })
        return {}
      },
      'access.revoke': async () => ({}),
      'operation.forget': async () => ({}),
      ...this.files.handlers(),
      ...this.transfers.handlers(),
    }
  }

  finishInstall(server: string, operation: string, startWhenInstalled = false): void {
    this.report(server, { install: 'installed', ...(startWhenInstalled && { state: 'running', run: 1 }) })
    this.#finish(operation, server)
  }

  #finish(operation: string, server: string, status: 'succeeded' | 'failed' = 'succeeded'): void {
    this.emit({
      name: 'operation.finished',
      data: { operation, server, status, error: null, at: Date.now() },
    })
  }
}

const NO_STATS = {
  memoryBytes: 0,
  memoryLimitBytes: 0,
  diskBytes: 0,
  networkRxBytes: 0,
  networkTxBytes: 0,
  uptimeMs: 0,
  pids: 1,
}

const EMPTY = {
  generation: null,
  state: 'offline',
  install: 'none',
  run: 0,
  startedAt: null,
  exit: null,
  isOrphaned: false,
} as const

function reportOf({ spec: _spec, ...report }: Report & { spec: Spec | null }): Report {
  return report
}
