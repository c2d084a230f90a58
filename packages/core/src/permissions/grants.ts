/** Everything, present and future. */
export const EVERYTHING = '*'

/**
 * Whether a list of grants holds a permission. Names that this version does not know stay in lists, so that nothing
 * is lost on the way through an older panel, but they allow nothing, because nothing asks for them.
 */
export function hasPermission(granted: readonly string[], permission: string): boolean {
  return granted.includes(permission) || granted.includes(EVERYTHING)
}

/**
 * What of `wanted` somebody with `own` may not hand on: nobody grants what they lack.
 * @returns the names that are missing, each once, in the order they were wanted; empty when all may be granted
 */
export function missingGrants(own: readonly string[], wanted: readonly string[]): readonly string[] {
  if (own.includes(EVERYTHING)) return []
  return [...new Set(wanted)].filter((permission) => !own.includes(permission))
}

/** The form in which grants are stored and compared: each name once, sorted; `*` makes the others needless. */
export function normaliseGrants(names: readonly string[]): readonly string[] {
  return names.includes(EVERYTHING) ? [EVERYTHING] : [...new Set(names)].toSorted()
}

/** Names in a list that this version knows; the others are kept in storage, but a form cannot show them. */
export function knownGrants<P extends string>(
  catalogue: Readonly<Record<P, string>>,
  names: readonly string[],
): readonly P[] {
  return names.filter((name): name is P => Object.hasOwn(catalogue, name))
}
