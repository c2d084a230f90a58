import type { BodyOf, createServer as CreateServer } from '@hatchery/core/api'
import type { Egg } from '@hatchery/core/eggs'
import { AppError } from '@hatchery/core/errors'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import { limitColumns } from './build-spec.ts'
import { isSecretVariable, sealVariable } from './secret-variables.ts'
import { takeAllocations } from './take-allocations.ts'
import { nextGeneration } from './touch-server.ts'
import { checkVariables } from './variables.ts'

/** What a server is made from, whether it is created or adopted. */
type Body = Omit<BodyOf<typeof CreateServer>, 'node' | 'startWhenInstalled'>

/** The objects that a body names, looked up and checked. */
export interface Wanted {
  readonly egg: { readonly id: number; readonly model: Egg }
  readonly owner: { readonly id: number }
  readonly image: string
  readonly startup: string
  readonly variables: Readonly<Record<string, string>>
}

export interface NewServer extends Wanted {
  readonly uuid: string
  readonly node: { readonly id: number; readonly name: string }
  readonly body: Body
  readonly install: 'installing' | 'installed'
  /** @default 1, the first one (RULES 3) */
  readonly authorityEpoch?: number
}

/** @throws AppError `EGG_NOT_FOUND`, `USER_NOT_FOUND`, `IMAGE_NOT_ALLOWED`, `VARIABLE_INVALID` */
export async function readWanted(ctx: Pick<Context, 'db'>, body: Body): Promise<Wanted> {
  const egg = await ctx.db.selectFrom('eggs').select(['id', 'model']).where('uuid', '=', body.egg).executeTakeFirst()
  if (!egg) throw new AppError('EGG_NOT_FOUND', { id: body.egg })
  const owner = await ctx.db.selectFrom('users').select('id').where('uuid', '=', body.owner).executeTakeFirst()
  if (!owner) throw new AppError('USER_NOT_FOUND', { id: body.owner })
  const model = JSON.parse(egg.model) as Egg
  return {
    egg: { id: egg.id, model },
    owner,
    image: imageOf(model, body.image),
    startup: body.startupCommand ?? model.startupCommands[0]?.value ?? '',
    variables: checkVariables(model, body.variables ?? {}),
  }
}

/**
 * Writes a server with its owner's access, addresses and variables. The caller holds the lock of the node's row and has
 * checked its capacity.
 * @throws AppError `EXTERNAL_ID_EXISTS`, `ALLOCATION_NOT_FOUND`, `ALLOCATION_IN_USE`, `NO_FREE_ALLOCATION`
 */
export async function insertServer(
  ctx: Pick<Context, 'now' | 'secrets' | 'store'>,
  trx: Transaction<Database>,
  { uuid, node, body, egg, owner, image, startup, variables, install, authorityEpoch = 1 }: NewServer,
): Promise<{ readonly id: number }> {
  await requireFreeExternalId(trx, body.externalId)
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
    install_state: install,
    is_deleting: 0,
    report_session_epoch: 0,
    report_state_seq: 0,
    run: 0,
    last_exit: null,
    generation_epoch: generation.epoch,
    generation_n: generation.n,
    authority_epoch: authorityEpoch,
    operation_uuid: null,
    installed_at: install === 'installed' ? now : null,
    created_at: now,
    updated_at: now,
    summary_revision: 1,
    revision: 1,
    lock_count: 0,
  })
  const allocationId = await takeAllocations(trx, node, id, body.allocation, body.additionalAllocations ?? [])
  await trx.updateTable('servers').set({ primary_allocation_id: allocationId }).where('id', '=', id).execute()
  await trx
    .insertInto('server_access')
    .values({ user_id: owner.id, server_id: id, source: 'owner', permissions: '["*"]' })
    .execute()
  await insertVariables(ctx, trx, { id, uuid }, egg.model, variables)
  return { id }
}

/** @throws AppError `IMAGE_NOT_ALLOWED` for an image that the egg does not name */
export function imageOf(egg: Egg, wanted: string | undefined): string {
  if (wanted === undefined) return egg.images[0]?.value ?? ''
  if (!egg.images.some(({ value }) => value === wanted)) throw new AppError('IMAGE_NOT_ALLOWED', { image: wanted })
  return wanted
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
