import { LIVE_TOPICS, type LiveTopicKind } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { nameFromBytes } from '@hatchery/core/runtime'
import { authorize } from '../access/authorize.ts'
import type { Principal } from '../access/principal.ts'
import type { AuthorizedServer, Context } from '../context.ts'
import type { ConsoleHub } from './console-hub.ts'
import type { FilesHub } from './files-hub.ts'
import type { NodeFeed } from './node-feed.ts'
import type { OperationFeed } from './operation-feed.ts'
import type { ServerFeed } from './server-feed.ts'
import type { StatsHub } from './stats-hub.ts'
import type { Subscriber } from './subscriber.ts'

export interface Feeds {
  readonly consoles: ConsoleHub
  readonly stats: StatsHub
  readonly files: FilesHub
  readonly servers: ServerFeed
  readonly operations: OperationFeed
  readonly nodes: NodeFeed
}

export interface Topic {
  readonly name: string
  readonly kind: LiveTopicKind
  /** What stands after the colon. */
  readonly server: string | null
  /** A directory of the server; the root where the name says none. */
  readonly path: string
}

const OF_SERVER: ReadonlySet<LiveTopicKind> = new Set(['server', 'server-console', 'server-stats', 'server-files'])

/** @throws AppError `BAD_REQUEST` for a name that is no topic */
export function parseTopic(name: string): Topic {
  const [kind = '', id, path] = name.split(':')
  if (!Object.hasOwn(LIVE_TOPICS, kind)) throw new AppError('BAD_REQUEST', { reason: `there is no topic ${name}` })
  const topic = { name, kind: kind as LiveTopicKind, server: id ?? null, path: readPath(path) }
  if (OF_SERVER.has(topic.kind) !== (topic.server !== null)) {
    const reason = topic.server === null ? `${kind} needs the id of a server` : `${kind} is about no single object`
    throw new AppError('BAD_REQUEST', { reason })
  }
  if (path !== undefined && topic.kind !== 'server-files') {
    throw new AppError('BAD_REQUEST', { reason: `${kind} is about no directory` })
  }
  return topic
}

function readPath(bytes: string | undefined): string {
  return bytes === undefined ? '' : nameFromBytes(Buffer.from(bytes, 'base64url'))
}

/** The same door as for endpoints; asked when a subscription begins and each time access may have changed. */
export function authorizeTopic(
  ctx: Pick<Context, 'db'>,
  principal: Principal,
  { kind, server }: Topic,
): Promise<AuthorizedServer | null> {
  return authorize(ctx, principal, LIVE_TOPICS[kind], { params: { server }, body: undefined })
}

/** Joins a subscription to what feeds it. @returns ends it */
export async function joinTopic(
  ctx: Pick<Context, 'db'>,
  feeds: Feeds,
  topic: Topic,
  server: AuthorizedServer | null,
  subscriber: Subscriber,
  cursor: string | null,
): Promise<() => void> {
  switch (topic.kind) {
    case 'servers':
      return feeds.servers.subscribeAll(subscriber, cursor)
    case 'operations':
      return feeds.operations.subscribe(subscriber)
    case 'nodes':
      return feeds.nodes.subscribe(subscriber)
    case 'server':
      return feeds.servers.subscribeOne(needed(server).uuid, subscriber)
    case 'server-console':
      return feeds.consoles.subscribe(await placeOf(ctx, needed(server)), subscriber, cursor)
    case 'server-stats':
      return feeds.stats.subscribe(await placeOf(ctx, needed(server)), subscriber)
    case 'server-files':
      return feeds.files.subscribe({ ...(await placeOf(ctx, needed(server))), path: topic.path }, subscriber)
    default:
      return topic.kind satisfies never
  }
}

function needed(server: AuthorizedServer | null): AuthorizedServer {
  if (!server) throw new Error('The permission of this topic is not one of a server.')
  return server
}

async function placeOf(ctx: Pick<Context, 'db'>, { id, uuid }: AuthorizedServer) {
  const row = await ctx.db.selectFrom('servers').select('node_id').where('id', '=', id).executeTakeFirst()
  if (!row) throw new AppError('SERVER_NOT_FOUND', { id: uuid })
  return { uuid, nodeId: row.node_id }
}
