import { sql, type Expression, type SqlBool } from 'kysely'

/** Whether a text column contains this, letters of either case; what means something to `like` is taken as it is written. */
export function contains(column: string, text: string): Expression<SqlBool> {
  const pattern = `%${text.toLowerCase().replace(/[%_!]/g, '!$&')}%`
  return sql<SqlBool>`lower(${sql.ref(column)}) like ${pattern} escape '!'`
}
