import { Type, type Static, type TSchema } from 'typebox'
import type { OperationClass } from '../api/contract.ts'
import { NodeHost } from '../api/schemas/nodes.ts'
import { Nullable, OneOf, Timestamp, Uuid } from '../api/schemas/common.ts'
import { ConsoleLine, PowerAction, ServerStats } from '../api/schemas/servers.ts'
import { FilePath } from '../api/schemas/files.ts'
import { CONSOLE_METHODS } from './console-methods.ts'
import { FILE_METHODS } from './file-methods.ts'
import { METRIC_METHODS, UsageHour } from './metric-methods.ts'
import { operation } from './operation-fields.ts'
import { TRANSFER_METHODS } from './transfer-methods.ts'
import { Generation, ProcessState, ServerReport, ServerSpec } from './spec.ts'

export interface MethodSpec {
  readonly summary: string
  readonly class: OperationClass
  /** How long the caller waits for the answer unless it says otherwise. */
  readonly deadlineMs: number
  readonly params: TSchema
  readonly result: TSchema
}

const method = <const S extends MethodSpec>(spec: S): S => spec
const Done = Type.Object({})
const server = Uuid

/** What the panel asks of an agent, over the control socket. */
export const AGENT_METHODS = {
  'node.info': method({
    summary: 'Read what the machine is and has',
    class: 'read',
    deadlineMs: 10_000,
    params: Type.Object({}),
    result: NodeHost,
  }),
  'node.rotateSecret': method({
    summary:
      'Make and store a new secret under a key id; used from the next connection on, repeated with the same answer',
    class: 'converge',
    deadlineMs: 10_000,
    params: Type.Object({ keyId: Type.String({ minLength: 1, maxLength: 64 }) }),
    /** 32 random bytes, base64url. */
    result: Type.Object({ secret: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }) }),
  }),
  'server.list': method({
    summary: 'List every server the agent knows, orphans included',
    class: 'read',
    deadlineMs: 10_000,
    params: Type.Object({}),
    result: Type.Object({ servers: Type.Array(ServerReport) }),
  }),
  'server.apply': method({
    summary: 'Store the wanted level of a server; an older generation than the stored one is refused as stale',
    class: 'converge',
    deadlineMs: 15_000,
    params: Type.Object({ spec: ServerSpec }),
    result: ServerReport,
  }),
  'server.delete': method({
    summary: 'Remove a server with container and files, leaving a tombstone',
    class: 'resumable',
    deadlineMs: 15_000,
    params: Type.Object({ server, generation: Generation, ...operation }),
    result: Done,
  }),
  'server.install': method({
    summary: 'Pull the images and run the install script; progress and end arrive as events',
    class: 'resumable',
    deadlineMs: 15_000,
    params: Type.Object({
      server,
      isReinstall: Type.Boolean(),
      skipScript: Type.Boolean(),
      startWhenInstalled: Type.Boolean(),
      ...operation,
    }),
    result: Done,
  }),
  'server.power': method({
    summary: 'Record a power intent; the answer says what the server is doing now',
    class: 'converge',
    deadlineMs: 15_000,
    params: Type.Object({ server, action: PowerAction, ...operation }),
    result: Type.Object({ state: ProcessState }),
  }),
  'server.command': method({
    summary: 'Write one line to the standard input of a server',
    class: 'at-most-once',
    deadlineMs: 10_000,
    params: Type.Object({ server, command: Type.String({ maxLength: 4096 }), ...operation }),
    result: Done,
  }),
  'server.acceptEula': method({
    summary: 'Write `eula=true` to eula.txt and restart the server',
    class: 'converge',
    deadlineMs: 15_000,
    params: Type.Object({ server, ...operation }),
    result: Done,
  }),
  'server.stats': method({
    summary: 'Read what a server uses now; null when it does not run',
    class: 'read',
    deadlineMs: 5_000,
    params: Type.Object({ server }),
    result: Type.Object({ state: ProcessState, stats: Nullable(ServerStats) }),
  }),
  'console.read': method({
    summary: 'Read stored console lines: the newest, or those after a cursor',
    class: 'read',
    deadlineMs: 10_000,
    params: Type.Object({
      server,
      after: Nullable(Type.String({ pattern: '^\\d+:\\d+$' })),
      limit: Type.Integer({ minimum: 1, maximum: 1000 }),
    }),
    result: Type.Object({ lines: Type.Array(ConsoleLine) }),
  }),
  'console.watch': method({
    summary: 'Send `console` events of a server from a cursor on; the newest lines first without one',
    class: 'converge',
    deadlineMs: 10_000,
    params: Type.Object({
      server,
      after: Nullable(Type.String({ pattern: '^\\d+:\\d+$' })),
      tail: Type.Integer({ minimum: 0, maximum: 1000 }),
    }),
    result: Done,
  }),
  'console.unwatch': method({
    summary: 'Stop sending `console` events of a server',
    class: 'converge',
    deadlineMs: 10_000,
    params: Type.Object({ server }),
    result: Done,
  }),
  'stats.watch': method({
    summary: 'Send `stats` events of a server about once a second',
    class: 'converge',
    deadlineMs: 10_000,
    params: Type.Object({ server }),
    result: Done,
  }),
  'stats.unwatch': method({
    summary: 'Stop sending `stats` events of a server',
    class: 'converge',
    deadlineMs: 10_000,
    params: Type.Object({ server }),
    result: Done,
  }),
  'operation.cancel': method({
    summary: 'Cancel a job that is under way',
    class: 'converge',
    deadlineMs: 10_000,
    params: Type.Object({ operation: Uuid }),
    result: Done,
  }),
  'access.revoke': method({
    summary:
      'Store the least access revision of a user, for one server or all, and end what the user has open below it (RULES 16)',
    class: 'converge',
    deadlineMs: 10_000,
    params: Type.Object({
      user: Uuid,
      /** Null stands for every server of the node. */
      server: Nullable(Uuid),
      minRevision: Type.Integer({ minimum: 0 }),
    }),
    result: Done,
  }),
  'operation.forget': method({
    summary: 'Raise the low-water mark: results of operations that ended before may be dropped',
    class: 'converge',
    deadlineMs: 10_000,
    params: Type.Object({ before: Timestamp }),
    result: Done,
  }),
  ...FILE_METHODS,
  ...TRANSFER_METHODS,
  ...METRIC_METHODS,
  ...CONSOLE_METHODS,
} as const satisfies Record<string, MethodSpec>

export type AgentMethod = keyof typeof AGENT_METHODS
export type AgentParams<M extends AgentMethod> = Static<(typeof AGENT_METHODS)[M]['params']>
export type AgentResult<M extends AgentMethod> = Static<(typeof AGENT_METHODS)[M]['result']>

const OperationProgress = Type.Object({
  current: Type.Integer(),
  total: Nullable(Type.Integer()),
  unit: OneOf(['bytes', 'files', 'lines', 'steps']),
  detail: Type.String(),
})

const SshSession = Type.Object({
  server: Uuid,
  user: Uuid,
  credentialId: Type.String({ maxLength: 64 }),
  address: Type.String({ maxLength: 64 }),
  /** How the client names itself; whatever it likes. */
  client: Type.String({ maxLength: 255 }),
  at: Timestamp,
})

/** Durable events: kept in the agent's outbox until the panel acknowledged them (RULES 9). */
export const DURABLE_EVENTS = {
  'server.report': ServerReport,
  'operation.started': Type.Object({ operation: Uuid, server: Nullable(Uuid), phase: Type.String(), at: Timestamp }),
  'operation.finished': Type.Object({
    operation: Uuid,
    server: Nullable(Uuid),
    status: OneOf(['succeeded', 'failed', 'cancelled', 'unknown']),
    error: Nullable(
      Type.Object({
        code: Type.String(),
        message: Type.String(),
        details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      }),
    ),
    at: Timestamp,
  }),
  'server.crashed': Type.Object({
    server: Uuid,
    run: Type.Integer(),
    code: Nullable(Type.Integer()),
    oomKilled: Type.Boolean(),
    lastLines: Type.Array(Type.String()),
    /** When the agent will start it again; null when it gave up. */
    restartAt: Nullable(Timestamp),
    at: Timestamp,
  }),
  /** The console showed what a feature of the egg waits for; `isPending: false` when it was answered. */
  'server.feature': Type.Object({
    server: Uuid,
    feature: Type.String(),
    line: Type.String(),
    isPending: Type.Boolean(),
    at: Timestamp,
  }),
  /** Somebody has signed in over SSH or SFTP. */
  'ssh.opened': SshSession,
  'ssh.closed': SshSession,
  /** What one SSH session has done to files, joined over at most a minute. */
  'files.audit': Type.Object({
    server: Uuid,
    user: Uuid,
    address: Type.String({ maxLength: 64 }),
    via: OneOf(['sftp', 'scp', 'shell']),
    /** How often each verb was used, by its name. */
    counts: Type.Record(Type.String({ maxLength: 64 }), Type.Integer({ minimum: 1 }), { maxProperties: 64 }),
    /** The first paths that were touched. */
    paths: Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 20 }),
    at: Timestamp,
  }),
  /** What servers used in hours that are over; the same hour of a server always says the same. */
  'usage.closed': Type.Object({ hours: Type.Array(UsageHour, { maxItems: 250 }), at: Timestamp }),
  'server.deleted': Type.Object({ server: Uuid, generation: Generation, at: Timestamp }),
  /** Every server of the agent, after a hello that asked for it. */
  snapshot: Type.Object({ servers: Type.Array(ServerReport), at: Timestamp }),
  /** This many audit events had to be dropped because the outbox was full. */
  lost: Type.Object({ count: Type.Integer(), at: Timestamp }),
} as const satisfies Record<string, TSchema>

export type DurableEventName = keyof typeof DURABLE_EVENTS
export type DurableEvent<N extends DurableEventName = DurableEventName> = {
  [K in N]: { readonly name: K; readonly data: Static<(typeof DURABLE_EVENTS)[K]> }
}[N]

/** Ephemeral events: batched per tick, never stored, may be skipped for a slow receiver (with a count). */
export const EPHEMERAL_EVENTS = {
  console: Type.Object({ server: Uuid, lines: Type.Array(ConsoleLine), skipped: Type.Optional(Type.Integer()) }),
  stats: Type.Object({ server: Uuid, stats: ServerStats }),
  /** Something in a directory that is watched has changed; null when it may be anything. */
  'files.changed': Type.Object({
    server: Uuid,
    path: FilePath,
    names: Nullable(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 100 })),
  }),
  progress: Type.Object({
    operation: Uuid,
    server: Nullable(Uuid),
    phase: Type.String(),
    progress: Nullable(OperationProgress),
  }),
} as const satisfies Record<string, TSchema>

export type EphemeralEventName = keyof typeof EPHEMERAL_EVENTS
export type EphemeralEvent<N extends EphemeralEventName = EphemeralEventName> = {
  [K in N]: { readonly name: K; readonly data: Static<(typeof EPHEMERAL_EVENTS)[K]> }
}[N]
