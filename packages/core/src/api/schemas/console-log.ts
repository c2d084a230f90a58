import { Type, type Static } from 'typebox'
import { Timestamp, named } from './common.ts'

export const ConsoleSearch = {
  /** Occurs in the line as it is, case aside; without it every line fits. */
  text: Type.Optional(Type.String({ maxLength: 500 })),
  /** Only lines before this cursor, `run:line`. */
  before: Type.Optional(Type.String({ pattern: '^\\d+:\\d+$' })),
  /** Only lines of this time or earlier. */
  until: Type.Optional(Timestamp),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
}

/** One start of a server, of which console lines are kept. */
export const ConsoleRun = named(
  'ConsoleRun',
  Type.Object({
    run: Type.Integer(),
    /** First line that is kept. */
    firstLine: Type.Integer(),
  }),
)
export type ConsoleRun = Static<typeof ConsoleRun>
