import type { ServerStats } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type {
  AgentHandlers,
  FileMethod,
  TransferMethod,
  AgentParams,
  AgentResult,
  DurableEvent,
  EphemeralEvent,
  ServerReport,
} from '@hatchery/core/protocol'
import type { Static } from 'typebox'
import { readDetails, readDetailsList, readLogs, readState, readStats, type WingsDetails } from './wings-answers.ts'
import { WingsRefusal, type WingsClient } from './wings-client.ts'
import { WingsConsole } from './wings-console.ts'
import { WingsServer, type KnownServer } from './wings-server.ts'
import { WingsSocket } from './wings-socket.ts'

type Report = Static<typeof ServerReport>

export interface WingsSessionParts {
  readonly client: WingsClient
  readonly now: () => number
  /** Stores a durable event; settles when it is stored. */
  readonly emit: (event: DurableEvent) => Promise<void>
  readonly emitEphemeral: (event: EphemeralEvent) => void
  /** What the panel knows of the servers of this node. */
  readonly known: () => Promise<readonly KnownServer[]>
  /** An installation that this node has accepted already, by an earlier connection perhaps. */
  readonly isInstallAccepted: (operation: string) => Promise<boolean>
  readonly openSocket: (server: string, onReady: () => void, onEvent: SocketListener) => WingsSocket
  readonly onFault: (error: unknown, where: string) => void
}

type SocketListener = (event: string, argument: string) => void

interface Tracked {
  readonly server: WingsServer
  readonly console: WingsConsole
  /** Null until the node knows the server. */
  socket: WingsSocket | null
}

/** Everything that a Wings can do; the rest is answered `NODE_UNSUPPORTED`. */
type Handlers = Omit<
  AgentHandlers,
  | 'node.info'
  | 'node.rotateSecret'
  | 'server.acceptEula'
  | 'operation.cancel'
  | 'access.revoke'
  | 'metrics.read'
  | 'console.search'
  | 'console.runs'
  | FileMethod
  | TransferMethod
>

/** The servers of one Wings for as long as it answers, with the methods that an agent has. */
export class WingsSession {
  readonly #parts: WingsSessionParts
  readonly #tracked = new Map<string, Tracked>()
  #stateSeq = 0

  readonly handlers: Handlers = {
    'server.list': () => this.#list(),
    'server.apply': (params) => this.#apply(params),
    'server.delete': (params) => this.#delete(params),
    'server.install': (params) => this.#install(params),
    'server.power': (params) => this.#power(params),
    'server.command': (params) => this.#command(params),
    'server.stats': (params) => this.#stats(params),
    'console.read': async ({ server, after, limit }) => ({
      lines: [...this.#require(server).console.read(after, limit)],
    }),
    'console.watch': async ({ server, after, tail }) => {
      this.#require(server).console.watch(after, tail)
      return {}
    },
    'console.unwatch': async ({ server }) => {
      this.#tracked.get(server)?.console.unwatch()
      return {}
    },
    'stats.watch': async ({ server }) => {
      const tracked = this.#require(server).server
      tracked.isStatsWatched = true
      if (tracked.stats) this.#parts.emitEphemeral({ name: 'stats', data: { server, stats: tracked.stats } })
      return {}
    },
    'stats.unwatch': async ({ server }) => {
      const tracked = this.#tracked.get(server)
      if (tracked) tracked.server.isStatsWatched = false
      return {}
    },
    // A Wings keeps no results.
    'operation.forget': async () => ({}),
  }

  constructor(parts: WingsSessionParts) {
    this.#parts = parts
  }

  /** Looks at every server; the sockets say it sooner, this finds what they missed. */
  async look(): Promise<void> {
    const present = await this.#readAll()
    const known = await this.#parts.known()
    for (const details of present) {
      const tracked = this.#tracked.get(details.uuid) ?? this.#track(details.uuid, known)
      this.#connect(tracked)
      this.#onState(tracked, details.state)
      if (tracked.server.install !== installOf(known, details.uuid)) await this.#report(tracked.server)
    }
  }

  close(): void {
    for (const { socket, console } of this.#tracked.values()) {
      socket?.close()
      console.close()
    }
    this.#tracked.clear()
  }

  async #list(): Promise<AgentResult<'server.list'>> {
    const present = await this.#readAll()
    const known = await this.#parts.known()
    const servers = present.map((details): Report => {
      const tracked = this.#tracked.get(details.uuid) ?? this.#track(details.uuid, known)
      this.#connect(tracked)
      tracked.server.observe(details.state, this.#parts.now())
      tracked.server.install = installOf(known, details.uuid)
      tracked.server.startedBefore(details.stats.uptimeMs, this.#parts.now())
      return tracked.server.report(++this.#stateSeq, !known.some(({ uuid }) => uuid === details.uuid))
    })
    return { servers }
  }

  /** A Wings fetches the level itself; one that does not know the server yet is told of it when it shall install it. */
  async #apply({ spec }: AgentParams<'server.apply'>): Promise<AgentResult<'server.apply'>> {
    const details = await this.#find(spec.id)
    const known = await this.#parts.known()
    const tracked = this.#tracked.get(spec.id) ?? this.#track(spec.id, known)
    const { server } = tracked
    if (details) {
      await this.#post(`/api/servers/${spec.id}/sync`)
      server.install = installOf(known, spec.id)
      this.#connect(tracked)
      server.observe(details.state, this.#parts.now())
    } else {
      server.install = 'none'
      server.observe('offline', this.#parts.now())
    }
    server.generation = spec.generation
    return server.report(++this.#stateSeq)
  }

  async #install({ server: uuid, operation, startWhenInstalled, isReinstall }: AgentParams<'server.install'>) {
    const tracked = this.#require(uuid)
    if (await this.#parts.isInstallAccepted(operation)) return {}
    if (await this.#find(uuid)) await this.#post(`/api/servers/${uuid}/${isReinstall ? 'reinstall' : 'install'}`)
    else await this.#post('/api/servers', { uuid, start_on_completion: startWhenInstalled })
    const at = this.#parts.now()
    this.#connect(tracked)
    await this.#parts.emit({ name: 'operation.started', data: { operation, server: uuid, phase: 'installing', at } })
    return {}
  }

  async #delete({ server: uuid, generation }: AgentParams<'server.delete'>) {
    try {
      await this.#parts.client.request('DELETE', `/api/servers/${uuid}`)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    const tracked = this.#tracked.get(uuid)
    this.#tracked.delete(uuid)
    tracked?.socket?.close()
    tracked?.console.close()
    await this.#parts.emit({ name: 'server.deleted', data: { server: uuid, generation, at: this.#parts.now() } })
    return {}
  }

  async #power({ server: uuid, action }: AgentParams<'server.power'>): Promise<AgentResult<'server.power'>> {
    const { server } = this.#require(uuid)
    if (!(await this.#find(uuid))) throw new AppError('SERVER_NOT_INSTALLED', { id: uuid })
    server.ask(action)
    await this.#post(`/api/servers/${uuid}/power`, { action, wait_seconds: 30 })
    // Wings answers before it acts; what comes of it arrives on the socket.
    return { state: server.state }
  }

  async #command({ server: uuid, command }: AgentParams<'server.command'>) {
    const { server } = this.#require(uuid)
    try {
      await this.#post(`/api/servers/${uuid}/commands`, { commands: [command] })
    } catch (error) {
      const isOffline = error instanceof WingsRefusal && (error.status === 502 || error.status === 404)
      if (isOffline) throw new AppError('SERVER_NOT_RUNNING', { id: uuid, state: server.state }, { cause: error })
      throw error
    }
    return {}
  }

  async #stats({ server: uuid }: AgentParams<'server.stats'>): Promise<AgentResult<'server.stats'>> {
    const { server } = this.#require(uuid)
    const details = await this.#find(uuid)
    if (!details) return { state: server.state, stats: null }
    return { state: details.state, stats: details.state === 'offline' ? null : details.stats }
  }

  #require(uuid: string): Tracked {
    const tracked = this.#tracked.get(uuid)
    if (!tracked) throw new AppError('SERVER_NOT_FOUND', { id: uuid })
    return tracked
  }

  #track(uuid: string, known: readonly KnownServer[]): Tracked {
    const before = known.find((server) => server.uuid === uuid)
    const install = installOf(known, uuid)
    const server = new WingsServer(before ? { ...before, install } : { uuid, state: 'offline', install, run: 0 })
    const { emitEphemeral, now } = this.#parts
    const console = new WingsConsole({
      run: server.run,
      firstLine: server.state === 'offline' ? 0 : now(),
      now,
      send: (lines) => emitEphemeral({ name: 'console', data: { server: uuid, lines: [...lines] } }),
    })
    const tracked: Tracked = { server, console, socket: null }
    this.#tracked.set(uuid, tracked)
    return tracked
  }

  /** Listens to a server that the node knows. */
  #connect(tracked: Tracked): void {
    const { uuid } = tracked.server
    tracked.socket ??= this.#parts.openSocket(
      uuid,
      () => this.#inBackground(this.#catchUp(tracked), 'console'),
      (event, argument) => this.#onEvent(tracked, event, argument),
    )
  }

  /** What the console showed before the socket was open. */
  async #catchUp({ server, console }: Tracked): Promise<void> {
    if (server.state === 'offline') return
    const answer = await this.#parts.client.request('GET', `/api/servers/${server.uuid}/logs?size=100`)
    console.join(readLogs(answer))
  }

  #onEvent(tracked: Tracked, event: string, argument: string): void {
    const { server, console } = tracked
    switch (event) {
      case 'status':
        return this.#onState(tracked, readState(argument))
      case 'stats':
        return this.#onStats(server, argument)
      case 'console output': {
        const daemonLine = console.add(argument)
        if (daemonLine !== null) this.#onDaemonLine(server, daemonLine)
        return
      }
      case 'install output':
        console.add(argument, 'install')
        return
      case 'daemon message':
      case 'daemon error':
        console.add(argument, 'system')
        return
      default:
        // Newer versions say more than this panel shows.
        return
    }
  }

  #onState({ server, console }: Tracked, state: WingsServer['state']): void {
    if (!server.observe(state, this.#parts.now())) return
    console.beginRun(server.run)
    this.#inBackground(this.#report(server), 'state')
  }

  #onStats(server: WingsServer, argument: string): void {
    let stats: ServerStats
    try {
      stats = readStats(JSON.parse(argument), this.#parts.now())
    } catch (error) {
      return this.#parts.onFault(error, 'stats')
    }
    server.stats = stats
    if (server.isStatsWatched) this.#parts.emitEphemeral({ name: 'stats', data: { server: server.uuid, stats } })
  }

  #onDaemonLine(server: WingsServer, text: string): void {
    const crash = server.readDaemonLine(text, this.#parts.now())
    if (!crash) return
    const data = { server: server.uuid, ...crash, lastLines: [], restartAt: null }
    this.#inBackground(this.#parts.emit({ name: 'server.crashed', data }), 'crash')
    this.#inBackground(this.#report(server), 'crash')
  }

  /** The panel itself knows best what is installed: a Wings says it to whichever instance it reaches. */
  async #report(server: WingsServer): Promise<void> {
    const known = await this.#parts.known()
    server.install = installOf(known, server.uuid)
    await this.#parts.emit({ name: 'server.report', data: server.report(++this.#stateSeq) })
  }

  async #readAll(): Promise<readonly WingsDetails[]> {
    return readDetailsList(await this.#parts.client.request('GET', '/api/servers'), this.#parts.now())
  }

  /** Null when the node does not know the server. */
  async #find(uuid: string): Promise<WingsDetails | null> {
    try {
      return readDetails(await this.#parts.client.request('GET', `/api/servers/${uuid}`), this.#parts.now())
    } catch (error) {
      if (isNotFound(error)) return null
      throw error
    }
  }

  async #post(path: string, body?: unknown): Promise<void> {
    await this.#parts.client.request('POST', path, body === undefined ? {} : { body })
  }

  #inBackground(work: Promise<void>, where: string): void {
    work.catch((error: unknown) => this.#parts.onFault(error, where))
  }
}

/** A server that the node has is installed, unless the panel knows better. */
function installOf(known: readonly KnownServer[], uuid: string): KnownServer['install'] {
  const install = known.find((server) => server.uuid === uuid)?.install ?? 'none'
  return install === 'none' ? 'installed' : install
}

function isNotFound(error: unknown): boolean {
  return error instanceof WingsRefusal && error.status === 404
}
