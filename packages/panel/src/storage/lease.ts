import { hostname } from 'node:os'
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { databaseTime } from './database-time.ts'
import type { Store } from './store.ts'

const LIFETIME_MS = 15_000

/** Leases of this process. */
const heldHere = new Set<string>()

/** Held in a database row by compare-and-set under the database's clock (RULES 8). */
export interface Lease {
  /** Fencing token: rises with every holder. */
  readonly token: number
  release(): Promise<void>
}

/**
 * Takes a lease and keeps it until it is released.
 * @returns null while somebody else holds it
 */
export async function takeLease(
  store: Store,
  name: string,
  {
    now,
    log,
    lifetimeMs = LIFETIME_MS,
  }: {
    readonly now: () => number
    readonly log: Logger
    /** How long it lasts without its holder, who renews it three times as often. @default 15 s */
    readonly lifetimeMs?: number
  },
): Promise<Lease | null> {
  const holder = `${hostname()}/${process.pid}/${randomUUID()}`
  // Before anybody can read the row: others of this process take a holder that is not here for one of an earlier process.
  heldHere.add(holder)
  const token = await acquire(store, name, holder, now, lifetimeMs).catch((error: unknown) => {
    heldHere.delete(holder)
    throw error
  })
  if (token === null) {
    heldHere.delete(holder)
    return null
  }
  const renew = () =>
    store.transaction(async (trx) => {
      const at = await databaseTime(trx, store.dialect, now)
      const renewed = await trx
        .updateTable('leases')
        .set({ expires_at: at + lifetimeMs })
        .where('name', '=', name)
        .where('holder', '=', holder)
        .executeTakeFirst()
      if (Number(renewed.numUpdatedRows) === 0) log.error({ lease: name }, 'somebody else has taken the lease')
    })
  const timer = setInterval(() => {
    renew().catch((error: unknown) => log.warn({ err: error, lease: name }, 'a lease could not be renewed'))
  }, lifetimeMs / 3)
  timer.unref()
  return {
    token,
    async release() {
      clearInterval(timer)
      heldHere.delete(holder)
      await store.transaction(async (trx) => {
        await trx
          .updateTable('leases')
          .set({ expires_at: 0 })
          .where('name', '=', name)
          .where('holder', '=', holder)
          .execute()
      })
    },
  }
}

async function acquire(
  store: Store,
  name: string,
  holder: string,
  now: () => number,
  lifetimeMs: number,
): Promise<number | null> {
  return store.transaction(async (trx) => {
    const at = await databaseTime(trx, store.dialect, now)
    const row = { name, holder, token: 1, expires_at: at + lifetimeMs }
    const insert = trx.insertInto('leases').values(row)
    const inserted =
      store.dialect === 'mysql'
        ? await insert.ignore().executeTakeFirst()
        : await insert.onConflict((conflict) => conflict.column('name').doNothing()).executeTakeFirst()
    if (Number(inserted.numInsertedOrUpdatedRows ?? 0) > 0) return row.token

    const held = await trx.selectFrom('leases').selectAll().where('name', '=', name).executeTakeFirstOrThrow()
    if (held.expires_at > at && !isDeadNeighbour(held.holder)) return null
    const taken = await trx
      .updateTable('leases')
      .set({ holder, token: held.token + 1, expires_at: at + lifetimeMs })
      .where('name', '=', name)
      .where('token', '=', held.token)
      .executeTakeFirst()
    return Number(taken.numUpdatedRows) === 1 ? held.token + 1 : null
  })
}

/** A holder of this machine whose process is gone cannot renew: nobody has to wait for its lease to end. */
function isDeadNeighbour(holder: string): boolean {
  const [host, pid] = holder.split('/')
  if (host !== hostname()) return false
  // In a container, this process may have the number of the one before it.
  if (Number(pid) === process.pid) return !heldHere.has(holder)
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
