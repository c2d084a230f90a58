import type { BodyOf, ContractSpec, ParamsOf, QueryOf, ResponseOf } from '@hatchery/core/api'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type { Panel, PanelOptions } from '../create-panel.ts'
import type { Context } from '../context.ts'
import type { Dialect } from '../storage/store.ts'
import type { TestClock } from './test-clock.ts'

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

type CallInput<S extends ContractSpec> = {
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
  readonly anonymous: TestClient
  inject(options: InjectOptions): Promise<LightMyRequestResponse>
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
  readonly dialect?: Dialect
}
