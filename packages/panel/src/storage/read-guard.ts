import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import { isInTransaction } from './transaction-scope.ts'

/**
 * The dialect behind `store.db`: it reads only, and never inside a transaction. The first rule sends every write through
 * `store.transaction()`; the second turns a hang (all connections held by transactions that wait for one) into an error.
 */
export function readsOnly(dialect: Dialect): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createDriver: () => new ReadDriver(dialect.createDriver()),
  }
}

class ReadDriver implements Driver {
  readonly #inner: Driver
  readonly #connections = new WeakMap<DatabaseConnection, ReadConnection>()

  constructor(inner: Driver) {
    this.#inner = inner
  }

  init(): Promise<void> {
    return this.#inner.init()
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (isInTransaction()) throw new Error('Inside a transaction, use its `trx`: the outer `db` would wait for ever.')
    const connection = await this.#inner.acquireConnection()
    let guarded = this.#connections.get(connection)
    if (!guarded) {
      guarded = new ReadConnection(connection)
      this.#connections.set(connection, guarded)
    }
    return guarded
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return this.#inner.releaseConnection(connection instanceof ReadConnection ? connection.inner : connection)
  }

  beginTransaction(): Promise<void> {
    throw new Error('Transactions are opened with store.transaction().')
  }
  commitTransaction(): Promise<void> {
    throw new Error('Transactions are opened with store.transaction().')
  }
  rollbackTransaction(): Promise<void> {
    throw new Error('Transactions are opened with store.transaction().')
  }

  destroy(): Promise<void> {
    return this.#inner.destroy()
  }
}

class ReadConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection

  constructor(inner: DatabaseConnection) {
    this.inner = inner
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { kind } = query.query
    if (kind !== 'SelectQueryNode' && kind !== 'RawNode') {
      throw new Error('`db` only reads; write inside store.transaction().')
    }
    return this.inner.executeQuery<R>(query)
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.inner.streamQuery<R>(query, chunkSize)
  }
}
