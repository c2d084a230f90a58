import type { Transaction } from 'kysely'
import type { Generation } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import type { Database } from '../storage/schema.ts'

/** A transaction with what shall happen once it has committed. */
export interface Change {
  readonly trx: Transaction<Database>
  readonly afterCommit: (effect: () => void) => void
}

/** What the bus says when a server changed: whoever shows it reads it again. */
export interface ServerHint {
  readonly id: number
  readonly uuid: string
}

/**
 * Marks a visible change. `by: 'person'` raises what `If-Match` compares as well, so that the report of a node never spoils
 * somebody's edit.
 */
export async function touchServer(
  ctx: Pick<Context, 'bus' | 'now'>,
  { trx, afterCommit }: Change,
  server: { readonly id: number; readonly uuid: string },
  by: 'person' | 'node',
): Promise<void> {
  const at = ctx.now()
  await trx
    .updateTable('servers')
    .set((eb) => ({
      summary_revision: eb('summary_revision', '+', 1),
      updated_at: at,
      ...(by === 'person' && { revision: eb('revision', '+', 1) }),
    }))
    .where('id', '=', server.id)
    .execute()
  afterCommit(() => ctx.bus.publish('servers', { id: server.id, uuid: server.uuid } satisfies ServerHint))
}

/** What the rows of these servers show has changed with their owner or their node: serialised rows are made anew. */
export async function refreshSummaries(
  trx: Transaction<Database>,
  column: 'owner_id' | 'node_id',
  id: number,
): Promise<void> {
  await trx
    .updateTable('servers')
    .set((eb) => ({ summary_revision: eb('summary_revision', '+', 1) }))
    .where(column, '=', id)
    .execute()
}

/** Takes the next generation of a node: one counter for all its servers, so that its highest one says how far it is. */
export async function nextGeneration(trx: Transaction<Database>, nodeId: number): Promise<Generation> {
  await trx
    .updateTable('nodes')
    .set((eb) => ({ generation_n: eb('generation_n', '+', 1) }))
    .where('id', '=', nodeId)
    .execute()
  const node = await trx
    .selectFrom('nodes')
    .select(['panel_epoch', 'generation_n'])
    .where('id', '=', nodeId)
    .executeTakeFirstOrThrow()
  return { epoch: node.panel_epoch, n: node.generation_n }
}

/** Gives a server a new generation after its wanted level changed; send it with `ctx.operations.applySpec` after commit. */
export async function raiseGeneration(
  trx: Transaction<Database>,
  server: { readonly id: number; readonly node_id: number },
): Promise<Generation> {
  const generation = await nextGeneration(trx, server.node_id)
  await trx
    .updateTable('servers')
    .set({ generation_epoch: generation.epoch, generation_n: generation.n })
    .where('id', '=', server.id)
    .execute()
  return generation
}

export function compareGenerations(a: Generation, b: Generation): number {
  return a.epoch - b.epoch || a.n - b.n
}
