import { createHash } from 'node:crypto'
import { PostgresDialect, type Dialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import type { PoolClient, QueryConfig } from 'pg'

const INT8 = 20
const NUMERIC = 1700
/** Statements that get a name; later ones (lists of many lengths) are sent without, so that the server's memory is bounded. */
const MAX_NAMED = 1000

/**
 * PostgreSQL's default counts an index lookup as costly as on a turning disk and reads whole tables instead of thirty rows by
 * key. Whoever has set another price keeps it.
 */
const PRICE_OF_A_LOOKUP =
  "select set_config('random_page_cost', '1.1', false) where current_setting('random_page_cost') = '4'"

export interface NetworkOptions {
  readonly connections?: number
}

/** Opens a pool whose every connection runs READ COMMITTED and sends each statement under a name, parsed once. */
export async function openPostgres(url: string, { connections = 10 }: NetworkOptions = {}): Promise<Dialect> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: { getTypeParser: (oid: number, format?: string) => parser(pg.types, oid, format) } as typeof pg.types,
    onConnect: async (client: { query(text: string): Promise<unknown> }) => {
      await client.query('set session characteristics as transaction isolation level read committed')
      await client.query(PRICE_OF_A_LOOKUP)
    },
  } as unknown as ConstructorParameters<typeof pg.Pool>[0])
  // Without a listener a lost idle connection would end the process; the pool replaces it by itself.
  pool.on('error', () => undefined)

  const names = new Map<string, string>()
  const clients = new WeakMap<PoolClient, PostgresPoolClient>()
  const named: PostgresPool = {
    connect: async () => {
      const client = await pool.connect()
      let wrapped = clients.get(client)
      if (!wrapped) {
        wrapped = nameStatements(client, names)
        clients.set(client, wrapped)
      }
      return wrapped
    },
    end: () => pool.end(),
    options: pool.options,
  } as PostgresPool
  return new PostgresDialect({ pool: named })
}

function parser(types: typeof import('pg').types, oid: number, format?: string): (value: string) => unknown {
  if (oid === INT8 || oid === NUMERIC) return Number
  return types.getTypeParser(oid, format as 'text') as (value: string) => unknown
}

function nameStatements(client: PoolClient, names: Map<string, string>): PostgresPoolClient {
  const query = (text: string, values: readonly unknown[]) => {
    const name = values.length > 0 ? nameOf(text, names) : undefined
    const config: QueryConfig = { text, values: [...values] }
    return client.query(name ? { ...config, name } : config)
  }
  return { query, release: (destroy?: boolean) => client.release(destroy) } as unknown as PostgresPoolClient
}

function nameOf(text: string, names: Map<string, string>): string | undefined {
  const known = names.get(text)
  if (known !== undefined || names.size >= MAX_NAMED) return known
  const name = `h_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`
  names.set(text, name)
  return name
}
