import type { BodyOf, ContractSpec, ParamsOf, QueryOf, ResponseOf } from '@hatchery/core/api'
import Fastify, { type InjectOptions, type LightMyRequestResponse } from 'fastify'
import { createPanel, type Panel, type PanelOptions } from '../create-panel.ts'
import type { Context } from '../context.ts'
import type { Dialect } from '../storage/store.ts'
import { SESSION_COOKIE } from '../http/cookies.ts'
import { createSession } from '../sessions/sessions.ts'
import { Factories } from './factories.ts'
import { createTestClient } from './test-client.ts'
import { TestClock } from './test-clock.ts'
import { openTestDatabase } from './test-database.ts'

export { DIALECTS } from './dialects.ts'

export interface TestUser {
  readonly id: number
  readonly uuid: string
  readonly email: string
  readonly username: string
  /** In clear, for signing in; the same for every user of tests. */
  readonly password: string
}

export interface TestServer {
  readonly id: number
  readonly uuid: string
  readonly shortId: string
  readonly nodeId: number
  readonly eggId: number
}

/** What a client of the panel sees. */
export interface TestAnswer<B> {
  readonly status: number
  readonly body: B
  readonly headers: LightMyRequestResponse['headers']
}

export type CallInput<S extends ContractSpec> = {
  readonly params?: ParamsOf<S>
  readonly query?: QueryOf<S>
  readonly body?: BodyOf<S>
  readonly headers?: Readonly<Record<string, string>>
}

export interface TestClient {
  readonly headers: Readonly<Record<string, string>>
  /** Calls an endpoint by its contract. A refusal is answered, not thrown: look at `status` and `body.error`. */
  call<S extends ContractSpec>(contract: S, input?: CallInput<S>): Promise<TestAnswer<ResponseOf<S>>>
  /** Calls and expects a refusal; answers its code. */
  refusal<S extends ContractSpec>(contract: S, input?: CallInput<S>): Promise<string>
  request(options: InjectOptions): Promise<LightMyRequestResponse>
}

/** A whole panel over a fresh database, with a clock that stands still. */
export interface TestPanel extends AsyncDisposable {
  readonly panel: Panel
  readonly ctx: Context
  readonly clock: TestClock
  /** How long sign-ins were paused, milliseconds; tests do not wait for them. */
  readonly pauses: readonly number[]
  readonly anonymous: TestClient
  /** A client that sends these headers, such as an API key's. */
  withHeaders(headers: Readonly<Record<string, string>>): TestClient
  inject(options: InjectOptions): Promise<LightMyRequestResponse>
  /** Opens a port of this machine, for WebSockets. @returns such as `http://127.0.0.1:40123` */
  listen(): Promise<string>
  createUser(values?: Partial<{ username: string; email: string; isAdmin: boolean }>): Promise<TestUser>
  createAdmin(): Promise<TestUser>
  /** Signed in with a session of its own, made without the password check. */
  signInAs(user: TestUser): Promise<TestClient>
  /** A row with everything it refers to: location, node, nest, egg, allocation, the owner's `server_access`. */
  createServer(owner: TestUser, values?: Readonly<Record<string, unknown>>): Promise<TestServer>
  createNode(values?: Readonly<Record<string, unknown>>): Promise<{ readonly id: number; readonly uuid: string }>
  createEgg(values?: Readonly<Record<string, unknown>>): Promise<{ readonly id: number; readonly uuid: string }>
  grant(user: TestUser, server: TestServer, permissions: readonly string[]): Promise<void>
  /** Gives positions to all committed events; needed before reading the event log on PostgreSQL and MySQL. */
  settleEvents(): Promise<void>
}

export interface TestPanelOptions extends Partial<PanelOptions> {
  /** @default sqlite */
  readonly dialect?: Dialect
}

/**
 * @example
 * await using panel = await createTestPanel({ dialect })
 * const client = await panel.signInAs(await panel.createUser())
 * expect((await client.call(getAccount)).status).toBe(200)
 */
export async function createTestPanel({ dialect = 'sqlite', ...options }: TestPanelOptions = {}): Promise<TestPanel> {
  const clock = new TestClock()
  const database = options.database === undefined ? await openTestDatabase(dialect) : null
  const pauses: number[] = []
  const panel = await createPanel({
    database: database?.store ?? options.database!,
    masterKey: new Uint8Array(32).fill(7),
    log: 'silent',
    rateLimits: false,
    now: clock.now,
    pause: async (ms) => void pauses.push(ms),
    ...options,
  })
  // A host's own app, so that every test also is one of mounting.
  const app = Fastify()
  await app.register(panel.plugin)
  await app.ready()
  const factories = new Factories(panel.ctx)

  return {
    panel,
    ctx: panel.ctx,
    clock,
    pauses,
    anonymous: createTestClient(app, {}),
    withHeaders: (headers) => createTestClient(app, headers),
    inject: (request) => app.inject(request),
    listen: () => app.listen({ port: 0, host: '127.0.0.1' }),
    createUser: (values) => factories.user(values),
    createAdmin: () => factories.user({ isAdmin: true }),
    createServer: (owner, values) => factories.server(owner, values),
    createNode: (values) => factories.node(values),
    createEgg: (values) => factories.egg(values),
    grant: (user, server, permissions) => factories.grant(user, server, permissions),
    async signInAs(user) {
      const session = { userId: user.id, ip: '127.0.0.1', userAgent: 'tests' }
      const token = await panel.ctx.store.transaction((trx) => createSession(panel.ctx, trx, session))
      return createTestClient(app, { cookie: `${SESSION_COOKIE}=${token}` })
    },
    settleEvents: () => panel.sequencer.settle(),
    async [Symbol.asyncDispose]() {
      await app.close()
      await panel.close()
      await database?.[Symbol.asyncDispose]()
    },
  }
}
