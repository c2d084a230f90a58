import type { ConfigReplacement } from './replacement.ts'

/** A replacement as the panels hand it to their daemons: what `processConfiguration` answers. */
export interface DaemonReplacement {
  readonly match: string
  readonly if_value?: string
  readonly replace_with: unknown
  readonly insert_new?: boolean
  readonly update_existing?: boolean
}

/** Replacements as an egg file writes them: a value, or one for each present value, by match. */
export interface FindMap {
  readonly [match: string]: unknown
}

/** Any of the forms that a replacement is written in, as one. */
export function readReplacements(
  written: readonly (ConfigReplacement | DaemonReplacement)[] | FindMap,
): ConfigReplacement[] {
  if (isList(written)) return written.map(readOne)
  return Object.entries(written).flatMap(([match, value]): ConfigReplacement[] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [{ match, ifValue: null, value }]
    return Object.entries(value).map(([ifValue, replacement]: [string, unknown]) => ({
      match,
      ifValue,
      value: replacement,
    }))
  })
}

const isList = (
  written: readonly (ConfigReplacement | DaemonReplacement)[] | FindMap,
): written is readonly (ConfigReplacement | DaemonReplacement)[] => Array.isArray(written)

function readOne(entry: ConfigReplacement | DaemonReplacement): ConfigReplacement {
  if (!('replace_with' in entry)) return entry
  const {
    match,
    if_value: ifValue = null,
    replace_with: value,
    insert_new: insertNew,
    update_existing: updateExisting,
  } = entry
  return {
    match,
    ifValue,
    value,
    ...(insertNew !== undefined && { insertNew }),
    ...(updateExisting !== undefined && { updateExisting }),
  }
}
