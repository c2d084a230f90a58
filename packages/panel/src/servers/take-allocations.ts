import { chooseAllocation, formatAddress } from '@hatchery/core/allocations'
import { AppError } from '@hatchery/core/errors'
import type { Kysely, Transaction } from 'kysely'
import type { Database } from '../storage/schema.ts'

interface Choice {
  readonly id: number
  readonly uuid: string
  readonly address: string
}

/** A free address of a node that a server would get; null without one. */
export async function chooseFree(
  db: Kysely<Database> | Transaction<Database>,
  nodeId: number,
  wanted?: string,
): Promise<Choice | null> {
  let select = db
    .selectFrom('allocations')
    .select(['id', 'uuid', 'ip', 'port', 'alias'])
    .where('node_id', '=', nodeId)
    .where('server_id', 'is', null)
  if (wanted !== undefined) select = select.where('uuid', '=', wanted)
  const chosen = chooseAllocation(await select.execute())
  return chosen
    ? { id: chosen.id, uuid: chosen.uuid, address: formatAddress(chosen.ip, chosen.port, chosen.alias) }
    : null
}

/**
 * Takes addresses of a node for a server: the named ones, or the lowest free one. The node's row is locked by the caller, and
 * each taking is conditional as well, so that an address is never used twice.
 * @returns the id of the first one
 * @throws AppError `ALLOCATION_NOT_FOUND`, `ALLOCATION_IN_USE`, `NO_FREE_ALLOCATION`
 */
export async function takeAllocations(
  trx: Transaction<Database>,
  node: { readonly id: number; readonly name: string },
  serverId: number,
  primary: string | undefined,
  further: readonly string[],
): Promise<number> {
  const first = primary === undefined ? await chooseFree(trx, node.id) : await findAllocation(trx, node.id, primary)
  if (!first) throw new AppError('NO_FREE_ALLOCATION', { node: node.name })
  const others: Choice[] = []
  for (const uuid of new Set(further)) {
    if (uuid !== first.uuid) others.push(await findAllocation(trx, node.id, uuid))
  }
  for (const { id, address } of [first, ...others]) {
    const { numUpdatedRows } = await trx
      .updateTable('allocations')
      .set({ server_id: serverId })
      .where('id', '=', id)
      .where('server_id', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw new AppError('ALLOCATION_IN_USE', { address })
  }
  return first.id
}

async function findAllocation(trx: Transaction<Database>, nodeId: number, uuid: string): Promise<Choice> {
  const row = await trx
    .selectFrom('allocations')
    .select(['id', 'uuid', 'ip', 'port', 'alias'])
    .where('node_id', '=', nodeId)
    .where('uuid', '=', uuid)
    .executeTakeFirst()
  if (!row) throw new AppError('ALLOCATION_NOT_FOUND', { id: uuid })
  return { id: row.id, uuid: row.uuid, address: formatAddress(row.ip, row.port, row.alias) }
}
