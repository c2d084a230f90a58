import { identity } from './foundation/identity.ts'
import { imported } from './foundation/imported.ts'
import { infrastructure } from './foundation/infrastructure.ts'
import { servers } from './foundation/servers.ts'
import { work } from './foundation/work.ts'
import type { Migration } from './table.ts'

/** The tables of the first release. */
export const foundation: Migration = {
  name: '0001-foundation',
  steps: [...identity, ...infrastructure, ...servers, ...work, ...imported],
}
