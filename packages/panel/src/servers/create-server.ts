import type { BodyOf, createServer as CreateServer, ResponseOf } from '@hatchery/core/api'
import type { Egg } from '@hatchery/core/eggs'
import { AppError } from '@hatchery/core/errors'
import type { Transaction } from 'kysely'
import { actorOf, requesterOf } from '../activity/actor.ts'
import type { Context, RequestContext } from '../context.ts'
import { orExists } from '../storage/or-exists.ts'
import type { Database } from '../storage/schema.ts'
import { newServerUuid } from '../storage/uuid.ts'
import { limitColumns } from './build-spec.ts'
import { placeOnNode, requireCapacity } from './place.ts'
import { readServer } from './read-server.ts'
import { isSecretVariable, sealVariable } from './secret-variables.ts'
import { takeAllocations } from './take-allocations.ts'
import { nextGeneration, type ServerHint } from './touch-server.ts'
import { checkVariables } from './variables.ts'

type Body = BodyOf<typeof CreateServer>

/**
 * Creates a server and starts its installation. Everything is written in one transaction; the node learns of it at once, or
 * when it connects.
 */
export async function createServer(ctx: RequestContext, body: Body): Promise<ResponseOf<typeof CreateServer>> {
  const egg = await ctx.db.selectFrom('eggs').select(['id', 'model']).where('uuid', '=', body.egg).executeTakeFirst()
  if (!egg) throw new AppError('EGG_NOT_FOUND', { id: body.egg })
  const owner = await ctx.db.selectFrom('users').select('id').where('uuid', '=', body.owner).executeTakeFirst()
  if (!owner) throw new AppError('USER_NOT_FOUND', { id: body.owner })
  const model = JSON.parse(egg.model) as Egg
  const image = imageOf(model, body.image)
  const startup = body.startupCommand ?? model.startupCommands[0]?.value ?? ''
  const variables = checkVariables(model, body.variables ?? {})
  const node = await nodeOf(ctx, body)

  const create = () =>
    ctx.store.transaction(async (trx, afterCommit) => {
      await ctx.store.lockRow(trx, 'nodes', node.id)
      await requireCapacity(trx, node.id, body.limits)
      await requireFreeExternalId(trx, body.externalId)
      const uuid = await drawUuid(trx)
      const generation = await nextGeneration(trx, node.id)
      const now = ctx.now()
      const id = await ctx.store.insertId(trx, 'servers', {
        uuid,
        short_id: uuid.slice(0, 8),
        external_id: body.externalId ?? null,
        name: body.name,
        description: body.description ?? '',
        owner_id: owner.id,
        team_id: null,
        node_id: node.id,
        egg_id: egg.id,
        primary_allocation_id: null,
        image,
        startup,
        ...limitColumns(body.limits),
        oom_killer: 1,
        database_limit: 0,
        allocation_limit: 0,
        backup_limit: 0,
        skip_scripts: body.skipInstallScript === true ? 1 : 0,
        process_state: 'offline',
        install_state: 'installing',
        is_deleting: 0,
        report_session_epoch: 0,
        report_state_seq: 0,
        run: 0,
        last_exit: null,
        generation_epoch: generation.epoch,
        generation_n: generation.n,
        authority_epoch: 1,
        operation_uuid: null,
        installed_at: null,
        created_at: now,
        updated_at: now,
        summary_revision: 1,
        revision: 1,
        lock_count: 0,
      })
      const allocationId = await takeAllocations(trx, node, id, body.allocation, body.additionalAllocations ?? [])
      const operation = await ctx.operations.create(trx, {
        kind: 'install',
        class: 'resumable',
        method: 'server.install',
        params: {
          server: uuid,
          isReinstall: false,
          skipScript: body.skipInstallScript === true,
          startWhenInstalled: body.startWhenInstalled === true,
        },
        serverId: id,
        nodeId: node.id,
        userId: actorOf(ctx).userId,
        requestedBy: requesterOf(ctx),
        permission: 'admin:servers.create',
        lifetimeMs: null,
        canCancel: true,
      })
      await trx
        .updateTable('servers')
        .set({ primary_allocation_id: allocationId, operation_uuid: operation })
        .where('id', '=', id)
        .execute()
      await trx
        .insertInto('server_access')
        .values({ user_id: owner.id, server_id: id, source: 'owner', permissions: '["*"]' })
        .execute()
      await insertVariables(ctx, trx, { id, uuid }, model, variables)
      await ctx.events.append(trx, {
        type: 'server:created',
        ...actorOf(ctx),
        serverId: id,
        nodeId: node.id,
        data: { server: uuid, name: body.name, egg: body.egg },
      })
      afterCommit(() => ctx.bus.publish('servers', { id, uuid } satisfies ServerHint))
      return { id, uuid, operation }
    })
  const created = await orExists(
    create(),
    () => new AppError('EXTERNAL_ID_EXISTS', { externalId: body.externalId ?? '' }),
  )

  const server = await readServer(ctx, { id: created.id, uuid: created.uuid, permissions: ['*'] })
  ctx.operations.dispatch(created.operation)
  return { server, operation: created.operation }
}

/** @throws AppError `IMAGE_NOT_ALLOWED` for an image that the egg does not name */
export function imageOf(egg: Egg, wanted: string | undefined): string {
  if (wanted === undefined) return egg.images[0]?.value ?? ''
  if (!egg.images.some(({ value }) => value === wanted)) throw new AppError('IMAGE_NOT_ALLOWED', { image: wanted })
  return wanted
}

async function nodeOf(ctx: RequestContext, body: Body): Promise<{ id: number; name: string }> {
  let uuid = body.node
  if (uuid === undefined && body.allocation !== undefined) {
    const row = await ctx.db
      .selectFrom('allocations')
      .innerJoin('nodes', 'nodes.id', 'allocations.node_id')
      .select('nodes.uuid')
      .where('allocations.uuid', '=', body.allocation)
      .executeTakeFirst()
    if (!row) throw new AppError('ALLOCATION_NOT_FOUND', { id: body.allocation })
    uuid = row.uuid
  }
  if (uuid === undefined) {
    const allocationCount = 1 + (body.additionalAllocations?.length ?? 0)
    const placement = await placeOnNode(ctx, { limits: body.limits, allocationCount })
    if (placement.node === null) {
      const reason = placement.considered.map(({ name, reason: why }) => `${name}: ${why}`).join(' ')
      throw new AppError('NO_NODE_FITS', { reason: reason || 'there are no nodes.', considered: placement.considered })
    }
    uuid = placement.node
  }
  const node = await ctx.db.selectFrom('nodes').select(['id', 'name']).where('uuid', '=', uuid).executeTakeFirst()
  if (!node) throw new AppError('NODE_NOT_FOUND', { id: uuid })
  return node
}

export async function requireFreeExternalId(
  trx: Transaction<Database>,
  externalId: string | null | undefined,
  except?: number,
): Promise<void> {
  if (externalId === undefined || externalId === null) return
  const taken = await trx.selectFrom('servers').select('id').where('external_id', '=', externalId).executeTakeFirst()
  if (taken && taken.id !== except) throw new AppError('EXTERNAL_ID_EXISTS', { externalId })
}

/** The first eight characters are unique as well; among 50,000 servers one draw in 85,000 clashes. */
async function drawUuid(trx: Transaction<Database>): Promise<string> {
  for (;;) {
    const uuid = newServerUuid()
    const clash = await trx
      .selectFrom('servers')
      .select('id')
      .where('short_id', '=', uuid.slice(0, 8))
      .executeTakeFirst()
    if (!clash) return uuid
  }
}

export async function insertVariables(
  ctx: Pick<Context, 'secrets'>,
  trx: Transaction<Database>,
  server: { readonly id: number; readonly uuid: string },
  egg: Pick<Egg, 'variables'>,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const secret = new Set(egg.variables.filter(isSecretVariable).map(({ envVariable }) => envVariable))
  const rows = Object.entries(variables).map(([name, value]) => ({
    server_id: server.id,
    env_variable: name,
    value: sealVariable(ctx, server.uuid, { name, value, isSecret: secret.has(name) }),
  }))
  // An egg may have more of them than one statement has room for values.
  for (let from = 0; from < rows.length; from += 1000) {
    await trx
      .insertInto('server_variables')
      .values(rows.slice(from, from + 1000))
      .execute()
  }
}
