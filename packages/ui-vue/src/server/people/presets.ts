/** Starting points for what somebody may do on a server; everything can be changed afterwards. */
export const PRESETS = {
  viewer: ['websocket.connect', 'activity.read', 'startup.read', 'allocation.read'],
  moderator: [
    'websocket.connect',
    'control.console',
    'control.start',
    'control.stop',
    'control.restart',
    'activity.read',
  ],
  operator: [
    'websocket.connect',
    'control.console',
    'control.start',
    'control.stop',
    'control.restart',
    'file.create',
    'file.read',
    'file.read-content',
    'file.update',
    'file.delete',
    'file.archive',
    'file.sftp',
    'backup.create',
    'backup.read',
    'backup.download',
    'startup.read',
    'startup.update',
    'startup.docker-image',
    'schedule.create',
    'schedule.read',
    'schedule.update',
    'schedule.delete',
    'allocation.read',
    'settings.rename',
    'activity.read',
  ],
} as const satisfies Record<string, readonly string[]>

/** Permissions by the word before the dot, in their own order. */
export function groupPermissions(
  names: readonly string[],
): readonly { readonly group: string; readonly names: readonly string[] }[] {
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const group = name.split('.')[0] ?? name
    groups.set(group, [...(groups.get(group) ?? []), name])
  }
  return [...groups].map(([group, members]) => ({ group, names: members }))
}
