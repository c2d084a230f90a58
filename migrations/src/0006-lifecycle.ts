import { column, nullable, text, type Migration } from './table.ts'

/** What happens when a server ends by itself, as JSON; null is what every server has had so far. */
export const lifecycle: Migration = {
  name: '0006-lifecycle',
  steps: [column('servers', 'lifecycle', nullable(text()))],
}
