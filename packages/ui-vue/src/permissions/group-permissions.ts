/** Permissions by the word before the dot, in their own order. */
export function groupPermissions(
  names: readonly string[],
): readonly { readonly group: string; readonly names: readonly string[] }[] {
  const groups = Map.groupBy(names, (name) => name.split('.')[0] ?? name)
  return [...groups].map(([group, members]) => ({ group, names: members }))
}

/** Where the text of a permission stands: `file.read-content` as `file_read_content`. */
export const permissionKey = (name: string): string => name.replace(/[.-]/g, '_')
