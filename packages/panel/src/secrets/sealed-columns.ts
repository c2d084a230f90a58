import { sql, type Transaction } from 'kysely'
import type { Database } from '../storage/schema.ts'
import { CHECK_PLACE, CHECK_SETTING } from './check-master-key.ts'

/** A stored value with the place that it is bound to. */
export interface SealedValue {
  readonly id: number
  readonly place: string
  /** As it stands in the column; it may be in clear where the column holds both. */
  readonly value: string
}

/** A column with sealed values: what a rotation of the master key has to write anew. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** The next rows after this id, in the order of their ids. */
  read(trx: Transaction<Database>, after: number, limit: number): Promise<readonly SealedValue[]>
}

/**
 * Every column that holds sealed values. The place of a value is `table:column:uuid` unless stated otherwise. A column that is
 * missing here keeps its values under the old key; a test compares this list with the tables.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  setting(),
  byUuid('users', 'totp_secret_encrypted'),
  byUuid('nodes', 'secret_encrypted'),
  byUuid('nodes', 'previous_secret_encrypted'),
  byUuid('nodes', 'wings_token_encrypted'),
  byUuid('database_hosts', 'password_encrypted'),
  byUuid('databases', 'password_encrypted'),
  byUuid('egg_repositories', 'credentials'),
  serverVariables(),
  idempotencyAnswers(),
]

function byUuid(table: string, column: string): SealedColumn {
  return {
    table,
    column,
    async read(trx, after, limit) {
      const { rows } = await sql<{ id: number; uuid: string; value: string }>`
        select id, uuid, ${sql.ref(column)} as value from ${sql.table(table)}
        where id > ${after} and ${sql.ref(column)} is not null order by id limit ${limit}`.execute(trx)
      return rows.map(({ id, uuid, value }) => ({ id, value, place: `${table}:${column}:${uuid}` }))
    },
  }
}

/** The value that tells whether a key is the right one comes first: from then on the old key alone opens nothing. */
function setting(): SealedColumn {
  return {
    table: 'settings',
    column: 'value',
    async read(trx, after) {
      if (after > 0) return []
      const rows = await trx.selectFrom('settings').select('value').where('name', '=', CHECK_SETTING).execute()
      return rows.map(({ value }) => ({ id: 1, value, place: CHECK_PLACE }))
    },
  }
}

function serverVariables(): SealedColumn {
  return {
    table: 'server_variables',
    column: 'value',
    async read(trx, after, limit) {
      const rows = await trx
        .selectFrom('server_variables')
        .innerJoin('servers', 'servers.id', 'server_variables.server_id')
        .select([
          'server_variables.id',
          'servers.uuid',
          'server_variables.env_variable as name',
          'server_variables.value',
        ])
        .where('server_variables.id', '>', after)
        .orderBy('server_variables.id')
        .limit(limit)
        .execute()
      return rows.map(({ id, uuid, name, value }) => ({ id, value, place: `server_variables:value:${uuid}:${name}` }))
    },
  }
}

function idempotencyAnswers(): SealedColumn {
  return {
    table: 'idempotency_keys',
    column: 'response',
    async read(trx, after, limit) {
      const rows = await trx
        .selectFrom('idempotency_keys')
        .select(['id', 'response'])
        .where('id', '>', after)
        .where('response', 'is not', null)
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(({ id, response }) => ({ id, value: response ?? '', place: `idempotency_keys:response:${id}` }))
    },
  }
}
