import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { AppError } from '@hatchery/core/errors'
import { PANEL_CALLS, runAgentLink, type AgentHello, type AgentSession } from '@hatchery/core/protocol'
import type { Endpoints, FileTree, Runtime, Volume, Volumes } from '@hatchery/core/runtime'
import { DiskWatch, spaceOf } from './servers/disk-watch.ts'
import { readBootId, readHostFacts, AGENT_VERSION } from './host-facts.ts'
import { agentHandlers } from './link/agent-handlers.ts'
import { DataSockets } from './link/data-sockets.ts'
import { enrol } from './link/enrol.ts'
import { openSocket } from './link/open-socket.ts'
import { parsePanelAddress, type PanelAddress } from './link/panel-address.ts'
import { PanelConnection } from './link/panel-connection.ts'
import { SecretChoice } from './link/secret-choice.ts'
import { Watchers } from './link/watchers.ts'
import type { DirectOptions } from './direct/direct-options.ts'
import { DirectServer } from './direct/direct-server.ts'
import { createWebClient, type WebOptions } from './outbound/index.ts'
import { Metering } from './metrics/metering.ts'
import { FileJobs, Pulls, ServerFiles } from './server-files/index.ts'
import { pause } from './servers/pause.ts'
import type { ServerContext } from './servers/server-context.ts'
import { ServerRegistry } from './servers/server-registry.ts'
import { NodeSsh } from './ssh/node-ssh.ts'
import type { SshOptions } from './ssh/ssh-options.ts'
import { openAgentState, type AgentState } from './state/agent-state.ts'

export interface DaemonParts {
  readonly runtime: Runtime
  readonly volumes: Volumes
  readonly files: (volume: Volume, owner: { readonly uid: number; readonly gid: number }) => FileTree
  readonly endpoints: Endpoints
  /** Servers go on running when the agent stops. */
  readonly outlivesAgent: boolean
  /** Called last. @default disposes of the runtime */
  dispose?(): Promise<void>
}

export interface DaemonOptions {
  readonly dataDirectory: string
  /** Base URL of the panel; not needed once enrolled. */
  readonly panelUrl?: string
  /** Read only when this installation has no node yet, or is to get another one. */
  readonly enrolmentToken?: () => Promise<string | null>
  /** Makes the runtime and its companions for this installation. */
  readonly parts: (installation: string, state: AgentState) => DaemonParts | Promise<DaemonParts>
  readonly log: Logger
  /** @default Date.now */
  readonly now?: () => number
  /** Binds an installation that was moved to this machine again. @default false */
  readonly confirmMove?: boolean
  /** Forgets the node this installation belongs to and redeems a new token. @default false */
  readonly reEnrol?: boolean
  /** @default 988000 onwards, 60,000 of them */
  readonly uids?: { readonly first: number; readonly count: number }
  /** @default '10.213.0.0/16' */
  readonly subnetRange?: string | null
  /** Where servers may fetch files from. @default public addresses */
  readonly web?: WebOptions
  /** Time for servers to stop when the agent does, where they do not outlive it. @default 20 s */
  readonly stopTimeoutMs?: number
  /** @default 30 min */
  readonly installDeadlineMs?: number
  /** Serves browsers under an address of its own. @default they come through the panel */
  readonly direct?: DirectOptions
  /** Serves SFTP and SSH. @default nobody is served */
  readonly ssh?: SshOptions | null
}

export interface Daemon {
  /** Attaches to its servers, enrols if needed and connects. Settles when the link is being kept up. */
  start(): Promise<{ readonly node: string }>
  /** Settles when the next session with the panel is open. */
  connected(): Promise<void>
  /** Ends the link; servers keep running where the runtime can do that, otherwise they are stopped gracefully. */
  stop(): Promise<void>
}

/** The node agent. It owns its data directory until it is stopped. */
export async function createDaemon(options: DaemonOptions): Promise<Daemon> {
  const { dataDirectory, log, now = Date.now } = options
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const state = openAgentState(dataDirectory)
  if (state.sqliteFallback !== null) {
    log.warn(
      { err: state.sqliteFallback },
      'better-sqlite3 cannot be loaded here: the state file is opened with node:sqlite',
    )
  }
  try {
    if (options.confirmMove) state.identity.confirmMove()
    if (options.reEnrol) state.identity.renew()
    const identity = state.identity.read()
    const parts = await options.parts(identity.installation, state)
    return new RunningDaemon(options, state, parts, now, log)
  } catch (error) {
    state.close()
    throw error
  }
}

/** How often trash and unfinished uploads are looked through. */
const EXPIRY_MS = 60 * 60_000
/** Results are kept until the panel lets them go; one that never does must not fill the disk. */
const MAX_OPERATION_AGE_MS = 30 * 24 * 60 * 60_000

class RunningDaemon implements Daemon {
  readonly #options: DaemonOptions
  readonly #state: AgentState
  readonly #parts: DaemonParts
  readonly #now: () => number
  readonly #log: Logger
  readonly #connection = new PanelConnection()
  readonly #stopping = new AbortController()
  readonly #servers: ServerRegistry
  readonly #files: ServerFiles
  readonly #jobs: FileJobs
  readonly #pulls: Pulls
  readonly #ctx: ServerContext
  readonly #direct: DirectServer | null
  readonly #ssh: NodeSsh
  readonly #metering: Metering
  readonly #disk: DiskWatch
  #watchers: Watchers
  #link: Promise<void> = Promise.resolve()
  #attached: Promise<void> = Promise.resolve()
  #expiry: NodeJS.Timeout | undefined
  #clockOffsetMs = 0
  #onConnected: (() => void)[] = []

  constructor(options: DaemonOptions, state: AgentState, parts: DaemonParts, now: () => number, log: Logger) {
    this.#options = options
    this.#state = state
    this.#parts = parts
    this.#now = now
    this.#log = log
    const { runtime, volumes, files, endpoints } = parts
    this.#ctx = {
      state,
      runtime,
      volumes,
      files,
      endpoints,
      panel: this.#connection,
      now,
      log,
      consoleDirectory: join(options.dataDirectory, 'console'),
      bootId: readBootId(),
      mayStart: this.#mayStart(),
      stopping: this.#stopping.signal,
      uids: options.uids ?? { first: 988_000, count: 60_000 },
      subnetRange: options.subnetRange === undefined ? '10.213.0.0/16' : options.subnetRange,
      installDeadlineMs: options.installDeadlineMs ?? 30 * 60_000,
      onRemoved: (server) => this.#metering.onRemoved(server),
    }
    this.#servers = new ServerRegistry(this.#ctx)
    this.#files = new ServerFiles(this.#ctx)
    this.#jobs = new FileJobs(this.#ctx)
    this.#pulls = new Pulls({
      jobs: this.#jobs,
      client: createWebClient(options.web),
      pause: (ms) => pause(ms, this.#stopping.signal),
    })
    this.#metering = new Metering({
      servers: () => this.#servers.all(),
      ...{ runtime, state, now, log, dataDirectory: options.dataDirectory, bootId: this.#ctx.bootId },
      clockOffsetMs: () => this.#clockOffsetMs,
      flush: () => this.#connection.flush(),
    })
    this.#disk = new DiskWatch({
      servers: () => this.#servers.all(),
      space: () => spaceOf(options.dataDirectory),
      monoMs: performance.now.bind(performance),
      log,
    })
    this.#watchers = this.#newWatchers()
    const { direct, ssh = null, dataDirectory } = options
    const places = { ctx: this.#ctx, files: this.#files, servers: this.#servers, connection: this.#connection }
    this.#ssh = new NodeSsh({ ssh, dataDirectory, log, ...places })
    this.#direct = direct
      ? new DirectServer({
          direct,
          log,
          state,
          files: this.#files,
          node: () => state.identity.read().enrolment?.node ?? null,
          now: () => now() - this.#clockOffsetMs,
          isConnected: () => this.#connection.session !== null,
          serverOf: (id) => this.#servers.get(id),
        })
      : null
  }

  async start(): Promise<{ readonly node: string }> {
    this.#reportUnknown()
    this.#servers.open()
    this.#attached = this.#servers.attach()
    this.#attached.catch((error: unknown) => this.#log.error({ err: error }, 'attaching to the servers failed'))
    this.#metering.start()
    this.#disk.start()
    const { node, panel, linkPath } = await this.#enrolled()
    await this.#direct?.start()
    await this.#ssh.start()
    this.#link = this.#keepLink(node, panel, linkPath)
    this.#expiry = setInterval(() => void this.#files.expire(), EXPIRY_MS).unref()
    return { node }
  }

  connected(): Promise<void> {
    if (this.#connection.session) return Promise.resolve()
    return new Promise((resolve) => this.#onConnected.push(resolve))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#expiry)
    await this.#direct?.[Symbol.asyncDispose]()
    await this.#ssh[Symbol.asyncDispose]()
    this.#watchers.close()
    await this.#disk.close()
    await this.#metering[Symbol.asyncDispose]()
    if (!this.#parts.outlivesAgent) await this.#servers.interruptAll(this.#options.stopTimeoutMs ?? 20_000)
    await this.#link
    await this.#jobs.close()
    await this.#servers.close()
    await (this.#parts.dispose?.() ?? this.#parts.runtime[Symbol.asyncDispose]())
    this.#state.close()
  }

  #mayStart(): boolean {
    const { isMoved } = this.#state.identity.read()
    if (isMoved) {
      this.#log.error(
        'this data directory belongs to another machine or place; nothing is started until it is confirmed',
      )
    }
    if (this.#state.isNewer) this.#log.error('a newer agent has written the state file; nothing is started')
    return !isMoved && !this.#state.isNewer
  }

  /** What was to happen at most once and was cut off by a crash: nobody knows whether it did (RULES 4). */
  #reportUnknown(): void {
    const at = this.#now()
    this.#state.operations.forget(at - MAX_OPERATION_AGE_MS)
    this.#state.transaction(() => {
      for (const { id, class: operationClass, server } of this.#state.operations.unfinished()) {
        if (operationClass !== 'at-most-once') continue
        this.#state.operations.finish(id, 'unknown', at)
        const data = { operation: id, server, status: 'unknown' as const, error: null, at }
        this.#state.outbox.append({ name: 'operation.finished', data }, at)
      }
    })
  }

  async #enrolled(): Promise<{ node: string; panel: PanelAddress; linkPath: string }> {
    const { identity } = this.#state
    const { enrolment } = identity.read()
    const { panelUrl = enrolment?.panelUrl } = this.#options
    if (panelUrl === undefined) throw new Error('The agent does not know its panel. Give its address with --panel.')
    const panel = parsePanelAddress(panelUrl)
    if (enrolment) return { node: enrolment.node, panel, linkPath: enrolment.linkPath }

    const token = (await this.#options.enrolmentToken?.())?.trim()
    if (!token) {
      throw new Error(
        'This machine is not enrolled. Make an enrolment token on the node page and give it to the agent.',
      )
    }
    const host = await this.#hostFacts()
    const { signal } = this.#stopping
    const made = await enrol({ panel, token, identity, host, now: this.#now, pause: (ms) => pause(ms, signal) })
    this.#log.info({ node: made.node, panel: panel.text }, 'enrolled')
    return { node: made.node, panel, linkPath: made.linkPath }
  }

  #hostFacts(): Promise<AgentHello['host']> {
    const { dataDirectory, direct } = this.#options
    return readHostFacts(this.#parts.runtime, this.#parts.volumes, dataDirectory, this.#clockOffsetMs, {
      direct: direct ? { url: direct.url } : null,
      ssh: this.#ssh.facts,
    })
  }

  async #keepLink(node: string, panel: PanelAddress, linkPath: string): Promise<void> {
    const { identity, outbox } = this.#state
    let host = await this.#hostFacts()
    const url = panel.webSocket(linkPath.split('?')[0] ?? linkPath, node)
    const dataUrl = (route: string | null) => {
      const address = new URL(url)
      address.searchParams.set('stream', 'data')
      if (route !== null) address.searchParams.set('route', route)
      return address
    }
    const hello = (): AgentHello => ({
      installation: identity.read().installation,
      highestGeneration: this.#state.servers.highestGeneration(),
      incarnation: outbox.incarnation,
      acknowledgedSeq: outbox.acknowledgedSeq,
      host,
    })
    const secrets = new SecretChoice(this.#state.secrets, this.#now)
    await runAgentLink({
      open(signal) {
        secrets.choose()
        return openSocket(url, signal)
      },
      node,
      get keyId() {
        return secrets.current.keyId
      },
      get secret() {
        return Buffer.from(secrets.current.secret, 'base64url')
      },
      agent: { version: AGENT_VERSION, features: [PANEL_CALLS] },
      hello,
      outbox,
      handlers: agentHandlers({
        ctx: this.#ctx,
        servers: this.#servers,
        files: {
          files: this.#files,
          jobs: this.#jobs,
          sockets: new DataSockets({
            connection: this.#connection,
            openSocket: (route, signal) => openSocket(dataUrl(route), signal),
          }),
          onFault: (server, error) => this.#log.debug({ server, err: error }, 'a download has ended early'),
        },
        pulls: this.#pulls,
        connection: this.#connection,
        metrics: this.#metering.metrics,
        watchers: () => this.#watchers,
        host: async () => (host = await this.#hostFacts()),
        runner: {
          state: this.#state,
          now: this.#now,
          ready: (server) => this.#servers.ready(server),
          underWay: new Map(),
        },
      }),
      now: this.#now,
      onSession: (session) => {
        secrets.accept()
        this.#onSession(session)
      },
      onError: (error, nextAttemptMs) => this.#onLinkError(error, nextAttemptMs, secrets),
      onFault: (error, where) => this.#log.error({ err: error, where }, 'a fault on the link'),
      signal: this.#stopping.signal,
    })
  }

  #onSession(session: AgentSession): void {
    this.#clockOffsetMs = -session.clockOffsetMs
    this.#connection.open(session)
    this.#direct?.onConnection(true)
    this.#ssh.onContact(true)
    this.#log.info({ panel: session.panel.name, clockOffsetMs: this.#clockOffsetMs }, 'connected to the panel')
    if (session.hello.wantsSnapshot) {
      void this.#attached.then(() => {
        const at = this.#now()
        this.#state.outbox.append({ name: 'snapshot', data: { servers: [...this.#servers.list()], at } }, at)
        this.#metering.repeatUsage()
        session.flushOutbox()
      })
    }
    for (const resolve of this.#onConnected.splice(0)) resolve()
    void session.closed.then((reason) => {
      if (!this.#connection.end(session)) return
      this.#direct?.onConnection(false)
      this.#ssh.onContact(false)
      this.#watchers.close()
      this.#watchers = this.#newWatchers()
      this.#log.info({ reason }, 'disconnected from the panel')
    })
  }

  #onLinkError(error: unknown, nextAttemptMs: number, secrets: SecretChoice): void {
    const { code } = error instanceof AppError ? error : { code: undefined }
    if (code === 'HANDSHAKE_FAILED' && secrets.refuse()) {
      this.#log.warn({ err: error, nextAttemptMs }, 'the panel does not know this secret; trying the one before')
      return
    }
    if (code === 'HANDSHAKE_FAILED' || code === 'INSTALLATION_MISMATCH') {
      this.#log.error(
        { err: error, nextAttemptMs },
        'the panel does not accept this agent; enrol it again if the node was made anew',
      )
      return
    }
    this.#log.warn({ err: error, nextAttemptMs }, 'no connection to the panel')
  }

  #newWatchers(): Watchers {
    return new Watchers(this.#connection, (server, error) =>
      this.#log.debug({ server, err: error }, 'a watch has failed'),
    )
  }
}
