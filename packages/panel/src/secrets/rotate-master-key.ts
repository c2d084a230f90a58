import type { Logger } from 'pino'
import { databaseTime } from '../storage/database-time.ts'
import { takeLease } from '../storage/lease.ts'
import { openStore } from '../storage/open-store.ts'
import type { Store } from '../storage/store.ts'
import { createSecretBox } from './aes-secret-box.ts'
import { checkMasterKey } from './check-master-key.ts'
import { beginKeyRotation, endKeyRotation, loadPreviousMasterKey, requireMasterKey } from './master-key.ts'
import { resealSecrets, type ResealResult } from './reseal.ts'
import type { SecretBox } from './secret-box.ts'

export interface RotateOptions {
  /** Holds `master.key`. */
  readonly directory: string
  readonly database: string
  readonly now: () => number
  readonly log: Logger
  readonly onProgress?: (resealed: number) => void
}

/**
 * Replaces the master key of a panel that is stopped, and seals every secret of its database anew. Interrupted at any moment,
 * it goes on when it is called again; a panel started in between opens both.
 * @throws Error when a panel uses the database
 */
export async function rotateMasterKey(options: RotateOptions): Promise<ResealResult> {
  const { directory, database, now, log, onProgress } = options
  await requireMasterKey(directory)
  const store = await openStore(database)
  try {
    const release = await lockOut(store, now, log)
    try {
      // The key in force has to be this database's before it is replaced.
      await checkMasterKey(store, await openBox(directory), now())
      await beginKeyRotation(directory)
      const secrets = await openBox(directory)
      const result = await resealSecrets(store, secrets, onProgress)
      if (result.unreadable.length === 0) await endKeyRotation(directory)
      return result
    } finally {
      await release()
    }
  } finally {
    await store.close()
  }
}

async function openBox(directory: string): Promise<SecretBox> {
  const previous = await loadPreviousMasterKey(directory)
  return createSecretBox(await requireMasterKey(directory), previous ? [previous] : [])
}

/** Panels that know the old key only would go on sealing with it. An SQLite file is locked by whoever has opened it. */
async function lockOut(store: Store, now: () => number, log: Logger): Promise<() => Promise<void>> {
  if (store.dialect === 'sqlite') return async () => undefined
  const inUse = new Error('A panel uses this database. Stop every panel first (after a crash, wait for 15 s).')
  const lease = await takeLease(store, 'single-instance', { now, log })
  if (!lease) throw inUse
  const alive = await store.db
    .selectFrom('leases')
    .select('name')
    .where('name', 'like', 'instance:%')
    .where('expires_at', '>', await databaseTime(store.db, store.dialect, now))
    .execute()
  if (alive.length === 0) return () => lease.release()
  await lease.release()
  throw inUse
}
