import { MysqlDialect, type Dialect, type MysqlPool } from 'kysely'
import type { NetworkOptions } from './postgres.ts'

/** Opens a pool for MySQL or MariaDB whose every connection runs READ COMMITTED, in strict mode, with whole Unicode. */
export async function openMysql(url: string, { connections = 10 }: NetworkOptions = {}): Promise<Dialect> {
  const { createPool } = await import('mysql2')
  const pool = createPool({
    uri: url,
    connectionLimit: connections,
    charset: 'UTF8MB4_BIN',
    decimalNumbers: true,
    dateStrings: true,
    timezone: 'Z',
  })
  // A connection runs its statements in order, so these come before the first one of a user.
  pool.on('connection', (connection) => {
    connection.query('set session transaction isolation level read committed')
    connection.query("set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,NO_ZERO_DATE'")
  })
  return new MysqlDialect({ pool: pool as unknown as MysqlPool })
}
