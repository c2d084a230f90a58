import { sql } from 'kysely'
import type { Store } from '../storage/store.ts'
import { isSealed } from './aes-secret-box.ts'
import { SEALED_COLUMNS, type SealedColumn, type SealedValue } from './sealed-columns.ts'
import type { SecretBox } from './secret-box.ts'

/** Rows of one transaction: a database that serves others as well is not held up. */
const ROWS_AT_ONCE = 500

export interface ResealResult {
  /** Values written anew. */
  readonly resealed: number
  /** Places whose values open with no key that is loaded; they stay as they are. */
  readonly unreadable: readonly string[]
}

/**
 * Seals every value with the key in force. It can be cut off at any moment and run again: what is done stays done, and every
 * value opens with one of the two keys throughout.
 * @param onProgress called after each step with the number of values so far
 */
export async function resealSecrets(
  store: Store,
  secrets: SecretBox,
  onProgress: (resealed: number) => void = () => undefined,
): Promise<ResealResult> {
  let resealed = 0
  const unreadable: string[] = []
  for (const column of SEALED_COLUMNS) {
    for (let after: number | null = 0; after !== null;) {
      const step = await resealStep(store, secrets, column, after)
      resealed += step.resealed
      unreadable.push(...step.unreadable)
      after = step.next
      onProgress(resealed)
    }
  }
  return { resealed, unreadable }
}

async function resealStep(store: Store, secrets: SecretBox, column: SealedColumn, after: number) {
  return store.transaction(async (trx) => {
    const rows = await column.read(trx, after, ROWS_AT_ONCE)
    const unreadable: string[] = []
    let resealed = 0
    for (const row of rows) {
      if (!isSealed(row.value) || secrets.isCurrent(row.value)) continue
      const value = sealAgain(secrets, row)
      if (value === null) {
        unreadable.push(row.place)
        continue
      }
      const { table, column: name } = column
      // Compared with what was read: on a database with several connections somebody may have written meanwhile.
      await sql`update ${sql.table(table)} set ${sql.ref(name)} = ${value}
        where ${sql.ref(name)} = ${row.value} and ${keyOf(column, row)}`.execute(trx)
      resealed++
    }
    return { resealed, unreadable, next: rows.length < ROWS_AT_ONCE ? null : rows.at(-1)!.id }
  })
}

function keyOf({ table }: SealedColumn, { id, place }: SealedValue) {
  return table === 'settings' ? sql`name = ${place.split(':')[2]}` : sql`id = ${id}`
}

function sealAgain(secrets: SecretBox, { value, place }: SealedValue): string | null {
  try {
    return secrets.encrypt(secrets.decrypt(value, place), place)
  } catch {
    // It was changed, or belongs to another place: nothing that is known opens it, and the caller says so.
    return null
  }
}
