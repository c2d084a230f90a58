import { Type, type Static } from 'typebox'
import type { PermissionSpec } from './contract.ts'
import { ServerRef, Timestamp, Uuid } from './schemas/common.ts'
import { ConsoleLine, Operation, ServerState, ServerStats } from './schemas/servers.ts'

/**
 * The live channel: one WebSocket per browser tab at `/api/v1/live`, JSON text messages, many subscriptions.
 * Browsers prove themselves by cookie and an allowed Origin; other clients send `Authorization: Bearer`.
 *
 * Every topic is a contract of the authorisation matrix, like an endpoint. A topic's name is `kind`, `kind:<id>` or
 * `kind:<id>:<path>`.
 */
export interface LiveTopic {
  readonly summary: string
  readonly permission: PermissionSpec
  /** What one `event` message of the topic carries. */
  readonly event: ReturnType<typeof Type.Object>
}

const topic = <const T extends LiveTopic>(spec: T): T => spec

/** `server-console:<id>`: console lines, each exactly once; resume with the last `run:line`. */
export const serverConsole = topic({
  summary: 'Console lines of a server',
  permission: { server: 'control.console' },
  event: Type.Object({
    lines: Type.Array(ConsoleLine),
    /** Lines that were left out for this slow viewer before `lines`. */
    skipped: Type.Optional(Type.Integer()),
  }),
})

/** `server-stats:<id>`: about one reading a second while the server runs. */
export const serverStats = topic({
  summary: 'Resource use of a server',
  permission: { server: 'websocket.connect' },
  event: Type.Object({ stats: ServerStats }),
})

/**
 * `server-files:<id>:<path>`: something in one directory changed, whoever did it; load it again. The path is that of the
 * directory, all its bytes in base64url; without it, the server's root. Some changes may be told twice, and of a directory that
 * cannot be watched nothing is told.
 */
export const serverFiles = topic({
  summary: 'Changes in a directory of a server',
  permission: { server: 'file.read' },
  event: Type.Object({
    /** What changed, as far as it is known; null when that may be anything. */
    names: Type.Union([Type.Array(Type.String()), Type.Null()]),
  }),
})

/** `server:<id>`: the server changed; load it again when `revision` is newer than yours. */
export const server = topic({
  summary: 'State and changes of a server',
  permission: { server: 'websocket.connect' },
  event: Type.Object({
    server: Uuid,
    state: ServerState,
    revision: Type.Integer(),
    deleted: Type.Optional(Type.Boolean()),
  }),
})

/** `servers`: the same for every server the caller has access to; one subscription for a whole dashboard. */
export const servers = topic({
  summary: 'State and changes of all own servers',
  permission: { account: 'servers.read' },
  event: Type.Object({
    server: Uuid,
    state: ServerState,
    revision: Type.Integer(),
    deleted: Type.Optional(Type.Boolean()),
  }),
})

/** `operations`: jobs of the servers the caller has access to. */
export const operations = topic({
  summary: 'Progress of jobs',
  permission: { account: 'operations.read' },
  event: Type.Object({ operation: Operation }),
})

/** `nodes`: a node went on or off line. */
export const nodes = topic({
  summary: 'State of nodes',
  permission: { admin: 'nodes.read' },
  event: Type.Object({ node: Uuid, status: Type.String(), revision: Type.Integer() }),
})

export const LIVE_TOPICS = {
  'server-console': serverConsole,
  'server-stats': serverStats,
  'server-files': serverFiles,
  server,
  servers,
  operations,
  nodes,
} as const satisfies Record<string, LiveTopic>

export type LiveTopicKind = keyof typeof LIVE_TOPICS
export type LiveEventOf<K extends LiveTopicKind> = Static<(typeof LIVE_TOPICS)[K]['event']>
/** `servers`, or a kind with the id it is about. */
export type LiveTopicName = LiveTopicKind | `${LiveTopicKind}:${string}`

/** Longest path of a topic, in base64url. */
const MAX_PATH_LENGTH = 8192
const Topic = Type.String({
  maxLength: 128 + MAX_PATH_LENGTH,
  pattern: `^[a-z-]{1,64}(:[0-9a-f-]{8,36}(:[\\w-]{0,${MAX_PATH_LENGTH}})?)?$`,
})

/** What a client sends. `id` is the client's own and comes back in the answer. */
export const LiveRequest = Type.Union([
  Type.Object({
    type: Type.Literal('subscribe'),
    id: Type.Integer(),
    topic: Topic,
    /** Resume after this cursor; without it the topic starts with a snapshot of the newest. */
    cursor: Type.Optional(Type.String({ maxLength: 64 })),
  }),
  Type.Object({ type: Type.Literal('unsubscribe'), id: Type.Integer(), topic: Topic }),
  Type.Object({ type: Type.Literal('ping'), id: Type.Integer() }),
  Type.Object({
    type: Type.Literal('command'),
    id: Type.Integer(),
    server: ServerRef,
    command: Type.String({ maxLength: 4096, pattern: '^[^\\r\\n\\u0000]*$' }),
  }),
])
export type LiveRequest = Static<typeof LiveRequest>

/**
 * What the panel sends.
 * - `hello` first; `session` tells a reconnecting client whether it is the same sign-in.
 * - `ok` / `error` answer a request.
 * - `event` carries a topic's event; `cursor` is what to resume with.
 * - `resync`: the cursor is too old or of another log; load the object again and take the snapshot that follows.
 * - `revoked`: the subscription ended because access ended.
 */
export const LiveMessage = Type.Union([
  Type.Object({ type: Type.Literal('hello'), at: Timestamp, version: Type.String() }),
  Type.Object({ type: Type.Literal('ok'), id: Type.Integer(), result: Type.Optional(Type.Unknown()) }),
  Type.Object({
    type: Type.Literal('error'),
    id: Type.Union([Type.Integer(), Type.Null()]),
    error: Type.Object({
      code: Type.String(),
      message: Type.String(),
      details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
  }),
  Type.Object({
    type: Type.Literal('event'),
    topic: Type.String(),
    cursor: Type.Optional(Type.String()),
    event: Type.Unknown(),
  }),
  Type.Object({ type: Type.Literal('resync'), topic: Type.String() }),
  Type.Object({ type: Type.Literal('revoked'), topic: Type.String(), code: Type.String() }),
])
export type LiveMessage = Static<typeof LiveMessage>
