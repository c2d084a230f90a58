import type { Generated } from 'kysely'

/** AUTOINCREMENT, never reused. */
export type Id = Generated<number>
/** A boolean, the same on all three databases. */
export type Flag = 0 | 1
