import type { Server } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { Selectable } from 'kysely'
import { actorOf, requesterOf } from '../activity/actor.ts'
import type { AuthorizedServer, Context, RequestContext } from '../context.ts'
import type { NewOperation } from '../operations/operation-runner.ts'
import type { ServersTable } from '../storage/tables/servers.ts'
import { lockServer } from './lock-server.ts'
import { touchServer } from './touch-server.ts'

export type PowerAction = 'start' | 'stop' | 'restart' | 'kill'
/** Later than this, nobody wants the click of before any more (RULES 4). */
export const INTENT_LIFETIME_MS = 60_000

const PERMISSIONS = {
  start: 'server:control.start',
  stop: 'server:control.stop',
  restart: 'server:control.restart',
  kill: 'server:control.stop',
} as const satisfies Record<PowerAction, string>

type Row = Selectable<ServersTable>

export async function loadServer(ctx: Pick<Context, 'db'>, server: AuthorizedServer): Promise<Row> {
  const row = await ctx.db.selectFrom('servers').selectAll().where('id', '=', server.id).executeTakeFirst()
  if (!row) throw new AppError('SERVER_NOT_FOUND', { id: server.uuid })
  return row
}

/** Records a power intent and hands it to the node, which is the only one that acts on it (RULES 2). */
export async function requestPower(
  ctx: RequestContext,
  server: AuthorizedServer,
  action: PowerAction,
): Promise<{ operation: string }> {
  const row = await loadServer(ctx, server)
  requireIdle(row)
  if (action === 'start' || action === 'restart') await requireStartable(ctx, row)
  await requireConnected(ctx, row.node_id)
  const operation = await writeIntent(ctx, row, {
    kind: `power.${action}`,
    class: 'converge',
    method: 'server.power',
    params: { server: row.uuid, action },
    permission: PERMISSIONS[action],
  })
  await ctx.operations.send(operation)
  return { operation }
}

/** A line for the console: written down first, sent once, never repeated. */
export async function sendCommand(
  ctx: RequestContext,
  server: AuthorizedServer,
  command: string,
): Promise<{ operation: string }> {
  const row = await loadServer(ctx, server)
  if (row.process_state === 'offline') {
    throw new AppError('SERVER_NOT_RUNNING', { id: row.uuid, state: row.process_state })
  }
  await requireConnected(ctx, row.node_id)
  const operation = await writeIntent(ctx, row, {
    kind: 'command',
    class: 'at-most-once',
    method: 'server.command',
    params: { server: row.uuid, command },
    permission: 'server:control.console',
    data: { command },
  })
  await ctx.operations.send(operation)
  return { operation }
}

type Intent = Pick<NewOperation, 'kind' | 'class' | 'method' | 'params' | 'permission'> & {
  readonly data?: Readonly<Record<string, unknown>>
}

/** Writes an operation with a short life and the row of the log that says who wanted it. */
export async function writeIntent(ctx: RequestContext, row: Row, { data, ...intent }: Intent): Promise<string> {
  return ctx.store.transaction(async (trx) => {
    const operation = await ctx.operations.create(trx, {
      ...intent,
      serverId: row.id,
      nodeId: row.node_id,
      userId: actorOf(ctx).userId,
      requestedBy: requesterOf(ctx),
      lifetimeMs: INTENT_LIFETIME_MS,
      canCancel: false,
    })
    await ctx.events.append(trx, {
      type: `server:${intent.kind}`,
      ...actorOf(ctx),
      serverId: row.id,
      nodeId: row.node_id,
      data: { operation, ...data },
    })
    return operation
  })
}

/** Stops the server and installs it again; works while the node is away, because the job waits for it. */
export async function reinstallServer(ctx: RequestContext, server: AuthorizedServer): Promise<{ operation: string }> {
  const operation = await ctx.store.transaction(async (trx, afterCommit) => {
    const row = await lockServer(ctx, trx, server)
    requireIdle(row)
    await requireNoHolds({ db: trx }, row)
    const uuid = await ctx.operations.create(trx, {
      kind: 'reinstall',
      class: 'resumable',
      method: 'server.install',
      params: {
        server: row.uuid,
        isReinstall: true,
        skipScript: row.skip_scripts === 1,
        startWhenInstalled: false,
      },
      serverId: row.id,
      nodeId: row.node_id,
      userId: actorOf(ctx).userId,
      requestedBy: requesterOf(ctx),
      permission: 'server:settings.reinstall',
      lifetimeMs: null,
      canCancel: true,
    })
    await trx
      .updateTable('servers')
      .set({ operation_uuid: uuid, install_state: 'installing' })
      .where('id', '=', row.id)
      .execute()
    await touchServer(ctx, { trx, afterCommit }, row, 'node')
    await ctx.events.append(trx, {
      type: 'server:reinstall',
      ...actorOf(ctx),
      serverId: row.id,
      nodeId: row.node_id,
      data: { operation: uuid },
    })
    return uuid
  })
  ctx.operations.dispatch(operation)
  return { operation }
}

/** @throws AppError `SERVER_BUSY` while something else is at work on the server */
export function requireIdle(row: Pick<Row, 'uuid' | 'is_deleting' | 'install_state' | 'operation_uuid'>): void {
  if (row.is_deleting === 1) throw new AppError('SERVER_BUSY', { id: row.uuid, state: 'deleting' })
  if (row.operation_uuid !== null) {
    const state = row.install_state === 'installing' ? 'installing' : 'busy'
    throw new AppError('SERVER_BUSY', { id: row.uuid, state })
  }
}

async function requireStartable(ctx: Pick<Context, 'db'>, row: Row): Promise<void> {
  await requireNoHolds(ctx, row)
  if (row.install_state !== 'installed') throw new AppError('SERVER_NOT_INSTALLED', { id: row.uuid })
}

export async function requireNoHolds(ctx: Pick<Context, 'db'>, row: Pick<Row, 'id' | 'uuid'>): Promise<void> {
  const holds = await ctx.db.selectFrom('server_holds').select('kind').where('server_id', '=', row.id).execute()
  if (holds.length === 0) return
  const kinds: Server['holds'][number][] = holds.map(({ kind }) => kind as Server['holds'][number])
  throw new AppError('SERVER_SUSPENDED', { id: row.uuid, holds: kinds.toSorted().join(', ') })
}

export async function requireConnected(ctx: Pick<Context, 'db' | 'nodes'>, nodeId: number): Promise<void> {
  if (ctx.nodes.of(nodeId).isConnected) return
  const node = await ctx.db.selectFrom('nodes').select('name').where('id', '=', nodeId).executeTakeFirst()
  throw new AppError('NODE_UNREACHABLE', { node: node?.name ?? nodeId })
}
