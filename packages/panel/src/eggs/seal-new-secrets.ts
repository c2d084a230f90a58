import type { Egg } from '@hatchery/core/eggs'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import { isSealed } from '../secrets/aes-secret-box.ts'
import { isSecretVariable, sealVariable } from '../servers/secret-variables.ts'
import type { Database } from '../storage/schema.ts'

/** A variable that a new version of its egg makes a secret: the values that servers have are sealed with it. */
export async function sealNewSecrets(
  ctx: Pick<Context, 'secrets'>,
  trx: Transaction<Database>,
  eggId: number,
  before: Pick<Egg, 'variables'>,
  after: Pick<Egg, 'variables'>,
): Promise<void> {
  const secrets = ({ variables }: Pick<Egg, 'variables'>) =>
    variables.filter(isSecretVariable).map(({ envVariable }) => envVariable)
  const known = new Set(secrets(before))
  const names = secrets(after).filter((name) => !known.has(name))
  if (names.length === 0) return
  const rows = await trx
    .selectFrom('server_variables')
    .innerJoin('servers', 'servers.id', 'server_variables.server_id')
    .select(['server_variables.id', 'server_variables.env_variable', 'server_variables.value', 'servers.uuid'])
    .where('servers.egg_id', '=', eggId)
    .where('server_variables.env_variable', 'in', names)
    .execute()
  for (const { id, env_variable: name, value, uuid } of rows) {
    if (isSealed(value)) continue
    const sealed = sealVariable(ctx, uuid, { name, value, isSecret: true })
    await trx.updateTable('server_variables').set({ value: sealed }).where('id', '=', id).execute()
  }
}
