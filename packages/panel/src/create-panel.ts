import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import Fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyReply } from 'fastify'
import { AppError } from '@hatchery/core/errors'
import type { Level, Logger } from 'pino'
import { DatabaseIdentity } from './access/database-identity.ts'
import { DatabaseRevocations } from './access/database-revocations.ts'
import type { HostAuthentication } from './access/identity.ts'
import { openBus } from './bus/open-bus.ts'
import type { Context, PanelConfig } from './context.ts'
import { createEventLog } from './events/database-event-log.ts'
import { Sequencer } from './events/sequencer.ts'
import { createClientAddresses } from './http/client-address.ts'
import { ContractLayer } from './http/contract-layer.ts'
import type { Routes } from './http/implement.ts'
import { readDevice } from './http/device.ts'
import { errorReply } from './http/error-answer.ts'
import { HostNames } from './http/host-names.ts'
import { panelPlugin } from './http/panel-plugin.ts'
import { DEFAULT_RATE_LIMITS, MemoryRateLimiter } from './http/rate-limiter.ts'
import { RequestGate } from './http/request-gate.ts'
import { API_HEADERS } from './http/security-headers.ts'
import { Upgrades } from './http/upgrades.ts'
import { OutboundClient, type OutboundOptions } from './outbound/outbound-client.ts'
import { createSecretBox } from './secrets/aes-secret-box.ts'
import { checkMasterKey } from './secrets/check-master-key.ts'
import { loadMasterKey, loadPreviousMasterKey } from './secrets/master-key.ts'
import type { BaseContext, Services } from './services.ts'
import { SignInThrottle } from './sessions/sign-in-throttle.ts'
import { takeLease, type Lease } from './storage/lease.ts'
import { openStore } from './storage/open-store.ts'
import type { Store } from './storage/store.ts'
import { createLog } from './system/log.ts'
import { InternalServer } from './instances/internal-server.ts'
import { deriveInstanceSecret } from './instances/sealed-exchange.ts'
import type { InstanceParts } from './instances/shared-links.ts'
import { Housekeeping } from './system/housekeeping.ts'

const DAY_MS = 24 * 3_600_000

export interface PanelOptions {
  /** `sqlite:<path>`, `postgres://…` or `mysql://…`, or a store that is open already and stays the caller's to close. */
  readonly database: string | Store
  /** 32 bytes, or the directory that holds them in `master.key` (made with mode 0600 when missing). */
  readonly masterKey: Uint8Array | { readonly directory: string }
  readonly redis?: string | null
  /** Origin that browsers use; without it, the request's own host is accepted. */
  readonly publicUrl?: string | null
  readonly allowedOrigins?: readonly string[]
  /**
   * Further names that the panel answers to, beside those of `publicUrl` and `allowedOrigins`, addresses and `localhost`:
   * `panel.lan`, `*.example.com`, or `*` for any name. Names are checked when one of the three is given, and always while
   * the server listens on a loopback address.
   */
  readonly allowedHosts?: readonly string[]
  readonly trustedProxies?: readonly string[]
  /** What the panel may fetch from beside public addresses: eggs, egg repositories. */
  readonly outbound?: OutboundOptions
  readonly panelName?: string
  readonly log?: Level | 'silent'
  /** A host's own sign-in, asked before sessions and API keys. */
  readonly authenticate?: HostAuthentication
  /** A host's own endpoints, beside ours and under the same rules. */
  readonly routes?: (routes: Routes) => void
  /** Directory of the built web app. */
  readonly webRoot?: string | null
  readonly sessionLifetimeMs?: number
  /** Requests per minute of each class, or none. */
  readonly rateLimits?: Partial<Readonly<Record<'default' | 'auth' | 'write' | 'power' | 'expensive', number>>> | false
  /** Begins the name of this process among several; the name itself is never used again. @default the machine's */
  readonly instance?: string
  /**
   * Where other instances on the same database reach this one, such as `http://10.0.0.5:8090`: it listens there.
   * @default a free port of the loopback address, for instances of one machine
   */
  readonly internalUrl?: string | null
  readonly now?: () => number
  /** Pauses a sign-in that is slowed down; tests do not wait. */
  readonly pause?: (ms: number) => Promise<void>
  /** Replaces the services over the base; for tests of the base alone. */
  readonly services?: (base: BaseContext) => Services
}

export interface Panel {
  /** Mounts the panel in a Fastify app, encapsulated. */
  readonly plugin: FastifyPluginAsync
  readonly ctx: Context
  /** Numbers events; ends at once on SQLite. */
  readonly sequencer: Sequencer
  /** Serves by itself. @returns the address, such as `http://127.0.0.1:8080` */
  listen(options?: { readonly port?: number; readonly host?: string }): Promise<string>
  /** Ends requests, channels, timers and connections; leaves nothing open. */
  close(): Promise<void>
}

/**
 * Builds a panel over a database. It listens only when told to.
 * @example
 * const panel = await createPanel({ database: 'sqlite:./panel.db', masterKey: { directory: '.' } })
 * await panel.listen({ port: 8080 })
 */
export async function createPanel(options: PanelOptions): Promise<Panel> {
  const now = options.now ?? Date.now
  const log = createLog(options.log ?? 'info')
  const closers: (() => Promise<void> | void)[] = []
  const closeAll = async () => {
    for (const close of closers.reverse().splice(0)) await close()
  }
  try {
    return await assemble(options, now, log, closers, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function assemble(
  options: PanelOptions,
  now: () => number,
  log: Logger,
  closers: (() => Promise<void> | void)[],
  closeAll: () => Promise<void>,
): Promise<Panel> {
  const addresses = createClientAddresses(options.trustedProxies ?? [])
  const masterKey =
    options.masterKey instanceof Uint8Array ? options.masterKey : await loadMasterKey(options.masterKey.directory)
  const previousKey =
    options.masterKey instanceof Uint8Array ? null : await loadPreviousMasterKey(options.masterKey.directory)

  const onSqliteFallback = (reason: unknown) =>
    log.warn({ err: reason }, 'better-sqlite3 cannot be loaded here: the database is opened with node:sqlite')
  const store =
    typeof options.database === 'string' ? await openStore(options.database, { onSqliteFallback }) : options.database
  if (typeof options.database === 'string') closers.push(() => store.close())
  const bus = await openBus(options.redis ?? null, log)
  closers.push(() => bus.close())
  const lease = await takeInstanceLease(store, options, now, log)
  if (lease) closers.push(() => lease.release())
  const instance = nameInstance(options)
  const instances = await openInstanceLink(store, options, { masterKey, instance, now, log })
  if (instances) closers.push(() => instances.server.close())
  const config = configOf(options, instance, instances?.server.address ?? null)

  const sequencer = new Sequencer({ store, bus, log })
  closers.push(() => sequencer.close())
  const revocations = new DatabaseRevocations({ store, bus, log, now })
  await revocations.start()
  closers.push(() => revocations.close())
  const identity = new DatabaseIdentity({ store, revocations, addresses, log, now, host: options.authenticate })
  closers.push(() => identity.close())
  const signIns = new SignInThrottle({ now, pause: options.pause })

  const secrets = createSecretBox(masterKey, previousKey ? [previousKey] : [])
  if (previousKey) {
    log.warn('the rotation of the master key has not ended: stop the panel and run `hatchery master-key rotate` again')
  }
  await checkMasterKey(store, secrets, now())
  const base: BaseContext = {
    db: store.db,
    store,
    bus,
    events: createEventLog({ store, bus, sequencer, now }),
    secrets,
    identity,
    revocations,
    signIns,
    outbound: new OutboundClient(options.outbound),
    now,
    log,
    config,
  }
  const services = options.services?.(base) ?? (await import('./services.ts')).createServices(base, instances)
  let servicesEnd: Promise<void> | undefined
  const closeServices = () => (servicesEnd ??= services.close())
  closers.push(closeServices)
  const ctx: Context = services.context
  const housekeeping = new Housekeeping({ store, revocations, log, now })
  closers.push(() => housekeeping.close())

  const limits = options.rateLimits === false ? null : { ...DEFAULT_RATE_LIMITS, ...options.rateLimits }
  const gate = new RequestGate({
    identity,
    addresses,
    limiter: new MemoryRateLimiter(now),
    limits,
    deviceOf: (request) => readDevice(secrets, request),
  })
  const layer = new ContractLayer({ addresses, gate })
  const hostNames = new HostNames({
    config,
    addresses,
    machine: hostname(),
    onUnknownName: (name) =>
      log.warn({ host: name }, 'the panel answers to every name; set HATCHERY_PUBLIC_URL to make it answer to one'),
  })
  const upgrades = new Upgrades({ config, addresses, hostNames, fallback: services.handleUpgrade.bind(services) })

  let own: FastifyInstance | undefined
  let closing: Promise<void> | undefined
  const close = () => (closing ??= shutDown())
  const shutDown = async () => {
    await own?.close()
    await closeAll()
  }
  const plugin = panelPlugin({
    ctx,
    layer,
    gate,
    hostNames,
    routes: options.routes,
    webRoot: options.webRoot ?? null,
    onMount: async (fastify) => {
      const detach = upgrades.attach(fastify.server, fastify.prefix)
      fastify.addHook('preClose', async () => {
        detach()
        await closeServices()
        upgrades.close()
      })
      // A host that closes its app closes what is mounted in it.
      if (!own) fastify.addHook('onClose', () => close())
      await services.start()
      housekeeping.start()
    },
  })

  return {
    plugin,
    ctx,
    sequencer,
    async listen({ port = 8080, host = '127.0.0.1' } = {}) {
      own ??= createApp(log)
      await own.register(plugin)
      return own.listen({ port, host })
    },
    close,
  }
}

function createApp(log: Logger): FastifyInstance {
  const app = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    requestTimeout: 120_000,
    keepAliveTimeout: 65_000,
    frameworkErrors: (error, _request, reply) => {
      const { status, json } = errorReply(error, randomUUID(), log)
      const answer: FastifyReply = reply
      void answer.code(status).header('content-type', 'application/json; charset=utf-8').send(json)
    },
  })
  // Methods and paths that no route of ours takes are refused in the same shape.
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const error = new AppError('ROUTE_NOT_FOUND', { method: request.method, path })
    const { status, json } = errorReply(error, randomUUID(), log)
    void reply.code(status).headers(API_HEADERS).send(json)
  })
  return app
}

/** Unique for every process that ever was, so that nothing meant for one reaches its successor. */
function nameInstance({ instance = hostname() }: PanelOptions): string {
  return `${instance.slice(0, 24)}/${process.pid}/${randomUUID().slice(0, 8)}`
}

/** With Redis, several instances work on one database and reach each other. */
async function openInstanceLink(
  store: Store,
  options: PanelOptions,
  parts: {
    readonly masterKey: Uint8Array
    readonly instance: string
    readonly now: () => number
    readonly log: Logger
  },
): Promise<InstanceParts | null> {
  if (!options.redis || store.dialect === 'sqlite') return null
  const secret = deriveInstanceSecret(parts.masterKey)
  return { secret, server: await InternalServer.open({ ...parts, secret }, options.internalUrl ?? null) }
}

function configOf(options: PanelOptions, instance: string, internalAddress: string | null): PanelConfig {
  return {
    panelName: options.panelName ?? 'Hatchery',
    publicUrl: options.publicUrl ?? null,
    allowedOrigins: options.allowedOrigins ?? [],
    allowedHosts: options.allowedHosts ?? [],
    trustedProxies: options.trustedProxies ?? [],
    sessionLifetimeMs: options.sessionLifetimeMs ?? 30 * DAY_MS,
    instance,
    internalAddress,
  }
}

/** Without Redis, instances cannot wake each other: a second one on the same database is refused. */
async function takeInstanceLease(
  store: Store,
  options: PanelOptions,
  now: () => number,
  log: Logger,
): Promise<Lease | null> {
  if (store.dialect === 'sqlite' || options.redis) return null
  const lease = await takeLease(store, 'single-instance', { now, log })
  if (lease) return lease
  throw new Error(
    'Another panel uses this database, and without Redis two of them cannot work together. ' +
      'Give both of them a Redis url, or stop the other one (15 s after a crash on another machine, this one may start).',
  )
}
