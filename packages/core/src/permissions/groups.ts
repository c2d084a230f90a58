/** A part of a permission form. */
export interface PermissionGroup<P extends string> {
  /** What stands before the first dot: `control`, `file`, … */
  readonly name: string
  readonly permissions: readonly { readonly name: P; readonly label: string }[]
}

/**
 * A catalogue in the groups that a form shows, in the catalogue's order.
 * @example permissionGroups(SERVER_PERMISSIONS)
 */
export function permissionGroups<P extends string>(
  catalogue: Readonly<Record<P, string>>,
): readonly PermissionGroup<P>[] {
  const entries = Object.entries(catalogue) as [P, string][]
  const groups = Map.groupBy(entries, ([name]) => name.slice(0, name.indexOf('.')))
  return [...groups].map(([name, members]) => ({
    name,
    permissions: members.map(([permission, label]) => ({ name: permission, label })),
  }))
}
