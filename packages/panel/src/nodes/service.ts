import type { Transaction } from 'kysely'
import { AppError } from '@hatchery/core/errors'
import type {
  BodyOf,
  createNode as CreateNode,
  Node,
  QueryOf,
  listNodes as ListNodes,
  updateNode as UpdateNode,
} from '@hatchery/core/api'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import { decodeCursor, encodeCursor } from '../http/cursor.ts'
import { checkRevision } from '../http/revision.ts'
import { refreshSummaries } from '../servers/touch-server.ts'
import { orExists } from '../storage/or-exists.ts'
import type { Database } from '../storage/schema.ts'
import { newUuid } from '../storage/uuid.ts'
import { selectNodes, toNode } from './node-view.ts'
import { forgetOrphansExcept } from './orphans.ts'

const exists = () => new AppError('NODE_EXISTS')

export async function listNodes(ctx: RequestContext, query: QueryOf<typeof ListNodes>) {
  const limit = query.limit ?? 25
  let select = selectNodes(ctx)
    .orderBy('nodes.name')
    .limit(limit + 1)
  if (query.cursor !== undefined) select = select.where('nodes.name', '>', decodeCursor(query.cursor, 'string')[0])
  if (query.location !== undefined) select = select.where('locations.uuid', '=', query.location)
  const rows = await select.execute()
  const page = rows.slice(0, limit)
  return { data: page.map(toNode), nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.name) : null }
}

export async function readNode(ctx: Pick<RequestContext, 'db'>, uuid: string): Promise<Node> {
  const row = await selectNodes(ctx).where('nodes.uuid', '=', uuid).executeTakeFirst()
  if (!row) throw new AppError('NODE_NOT_FOUND', { id: uuid })
  return toNode(row)
}

export async function createNode(ctx: RequestContext, body: BodyOf<typeof CreateNode>): Promise<Node> {
  const uuid = newUuid()
  await orExists(
    ctx.store.transaction(async (trx, afterCommit) => {
      const locationId = await locationIdOf(trx, body.location)
      const nodeId = await ctx.store.insertId(trx, 'nodes', {
        uuid,
        location_id: locationId,
        name: body.name,
        description: body.description ?? '',
        kind: body.kind ?? 'agent',
        fqdn: body.fqdn,
        scheme: body.scheme ?? 'https',
        is_public: 1,
        is_behind_proxy: 0,
        is_maintenance: 0,
        memory_mib: body.memoryMiB ?? 0,
        memory_overallocate_percent: 0,
        disk_mib: body.diskMiB ?? 0,
        disk_overallocate_percent: 0,
        cpu_percent: body.cpuPercent ?? 0,
        upload_limit_mib: 100,
        daemon_port: body.daemonPort ?? (body.kind === 'wings' ? 8080 : 8443),
        daemon_sftp_port: 2022,
        daemon_base: '',
        key_id: null,
        secret_encrypted: null,
        previous_key_id: null,
        previous_secret_encrypted: null,
        wings_token_id: null,
        wings_token_encrypted: null,
        installation: null,
        session_epoch: 0,
        instance: null,
        instance_address: null,
        panel_epoch: 1,
        generation_n: 0,
        is_recovery: 0,
        is_locked: 0,
        incarnation: null,
        stored_seq: 0,
        host: null,
        clock_offset_ms: 0,
        last_seen_at: null,
        created_at: ctx.now(),
        revision: 1,
        lock_count: 0,
      })
      await ctx.events.append(trx, { type: 'node:created', ...actorOf(ctx), nodeId, data: { name: body.name } })
      afterCommit(() => ctx.bus.publish('nodes', { id: nodeId, uuid }))
    }),
    exists,
  )
  return readNode(ctx, uuid)
}

export async function updateNode(
  ctx: RequestContext,
  uuid: string,
  body: BodyOf<typeof UpdateNode>,
  ifMatch: number | null,
): Promise<Node> {
  const id = await orExists(
    ctx.store.transaction(async (trx, afterCommit) => {
      const node = await trx.selectFrom('nodes').select(['id', 'revision']).where('uuid', '=', uuid).executeTakeFirst()
      if (!node) throw new AppError('NODE_NOT_FOUND', { id: uuid })
      await ctx.store.lockRow(trx, 'nodes', node.id)
      const { revision } = await trx
        .selectFrom('nodes')
        .select('revision')
        .where('id', '=', node.id)
        .executeTakeFirstOrThrow()
      checkRevision(ifMatch, revision)
      await trx
        .updateTable('nodes')
        .set({
          ...(body.name !== undefined && { name: body.name }),
          ...(body.description !== undefined && { description: body.description }),
          ...(body.location !== undefined && { location_id: await locationIdOf(trx, body.location) }),
          ...(body.fqdn !== undefined && { fqdn: body.fqdn }),
          ...(body.isMaintenance !== undefined && { is_maintenance: body.isMaintenance ? (1 as const) : (0 as const) }),
          ...(body.memoryMiB !== undefined && { memory_mib: body.memoryMiB }),
          ...(body.diskMiB !== undefined && { disk_mib: body.diskMiB }),
          ...(body.cpuPercent !== undefined && { cpu_percent: body.cpuPercent }),
          revision: revision + 1,
        })
        .where('id', '=', node.id)
        .execute()
      if (body.fqdn !== undefined) await refreshSummaries(trx, 'node_id', node.id)
      await ctx.events.append(trx, { type: 'node:updated', ...actorOf(ctx), nodeId: node.id, data: { ...body } })
      afterCommit(() => ctx.bus.publish('nodes', { id: node.id, uuid }))
      return node.id
    }),
    exists,
  )
  ctx.summaries.forgetNode(id)
  return readNode(ctx, uuid)
}

export async function deleteNode(ctx: RequestContext, uuid: string): Promise<Record<string, never>> {
  const id = await ctx.store.transaction(async (trx, afterCommit) => {
    const node = await trx.selectFrom('nodes').select(['id', 'name']).where('uuid', '=', uuid).executeTakeFirst()
    if (!node) throw new AppError('NODE_NOT_FOUND', { id: uuid })
    await ctx.store.lockRow(trx, 'nodes', node.id)
    const { count } = await trx
      .selectFrom('servers')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('node_id', '=', node.id)
      .executeTakeFirstOrThrow()
    if (Number(count) > 0) throw new AppError('NODE_IN_USE', { count: Number(count) })
    await trx.deleteFrom('allocations').where('node_id', '=', node.id).execute()
    await trx.deleteFrom('enrolment_tokens').where('node_id', '=', node.id).execute()
    await forgetOrphansExcept(trx, node.id, new Set())
    await trx.deleteFrom('nodes').where('id', '=', node.id).execute()
    await ctx.events.append(trx, { type: 'node:deleted', ...actorOf(ctx), data: { node: uuid, name: node.name } })
    await ctx.revocations.revoke(trx, 'node', uuid)
    afterCommit(() => ctx.bus.publish('nodes', { id: node.id, uuid }))
    return node.id
  })
  ctx.nodes.disconnect(id, 'the node was deleted')
  return {}
}

/**
 * Ends a node's recovery: the panel takes an epoch above everything the agent has seen, and gives every server of the node a
 * generation of it (RULES 1). The agent connects again and is brought to the panel's level.
 */
export async function confirmNode(ctx: RequestContext, uuid: string): Promise<Node> {
  const id = await ctx.store.transaction(async (trx, afterCommit) => {
    const found = await trx.selectFrom('nodes').select('id').where('uuid', '=', uuid).executeTakeFirst()
    if (!found) throw new AppError('NODE_NOT_FOUND', { id: uuid })
    await ctx.store.lockRow(trx, 'nodes', found.id)
    const node = await trx
      .selectFrom('nodes')
      .select(['id', 'is_recovery', 'panel_epoch'])
      .where('id', '=', found.id)
      .executeTakeFirstOrThrow()
    // Outside of recovery it is the machine that is confirmed: the node is bound to the installation that connects next.
    await trx
      .updateTable('nodes')
      .set((eb) => ({
        is_recovery: 0,
        revision: eb('revision', '+', 1),
        ...(node.is_recovery === 0 && { installation: null }),
      }))
      .where('id', '=', node.id)
      .execute()
    if (node.is_recovery === 1) await takeNewEpoch(trx, node)
    await ctx.events.append(trx, { type: 'node:confirmed', ...actorOf(ctx), nodeId: node.id })
    afterCommit(() => ctx.bus.publish('nodes', { id: node.id, uuid }))
    return node.id
  })
  ctx.nodes.disconnect(id, 'an administrator confirmed the node; connect again')
  return readNode(ctx, uuid)
}

async function takeNewEpoch(trx: Transaction<Database>, node: { id: number; panel_epoch: number }): Promise<void> {
  const epoch = node.panel_epoch + 1
  const servers = await trx.selectFrom('servers').select('id').where('node_id', '=', node.id).orderBy('id').execute()
  for (const [index, { id }] of servers.entries()) {
    await trx
      .updateTable('servers')
      .set({ generation_epoch: epoch, generation_n: index + 1 })
      .where('id', '=', id)
      .execute()
  }
  await trx
    .updateTable('nodes')
    .set({ panel_epoch: epoch, generation_n: servers.length })
    .where('id', '=', node.id)
    .execute()
}

async function locationIdOf(trx: Transaction<Database>, uuid: string): Promise<number> {
  const location = await trx.selectFrom('locations').select('id').where('uuid', '=', uuid).executeTakeFirst()
  if (!location) throw new AppError('LOCATION_NOT_FOUND', { id: uuid })
  return location.id
}
