import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { Database } from '../storage/schema.ts'

/**
 * Makes everything that a person has open at nodes outdated, of one server or of all: raises their access revision, and keeps
 * it as the least one that nodes may honour (RULES 16). The caller tells `revocations` in the same transaction, which is what
 * sends it on its way.
 */
export async function raiseAccess(
  ctx: Pick<Context, 'now'>,
  trx: Transaction<Database>,
  user: { readonly id: number; readonly uuid: string },
  server: { readonly uuid: string } | null,
): Promise<void> {
  // This row comes first: it is what two such changes of the same person wait for.
  await trx
    .updateTable('users')
    .set((row) => ({ access_revision: row('access_revision', '+', 1) }))
    .where('id', '=', user.id)
    .execute()
  const row = await trx.selectFrom('users').select('access_revision').where('id', '=', user.id).executeTakeFirst()
  if (!row) return
  const values = { min_revision: row.access_revision, at: ctx.now() }
  const { numUpdatedRows } = await trx
    .updateTable('access_floors')
    .set(values)
    .where('user_uuid', '=', user.uuid)
    .where('server_uuid', server ? '=' : 'is', server?.uuid ?? null)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) return
  await trx
    .insertInto('access_floors')
    .values({ user_uuid: user.uuid, server_uuid: server?.uuid ?? null, ...values })
    .execute()
}
