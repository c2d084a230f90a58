import { SERVER_PERMISSIONS, type ServerPermission } from './catalogue.ts'

const VIEWER = [
  'websocket.connect',
  'file.read',
  'backup.read',
  'allocation.read',
  'startup.read',
  'database.read',
  'schedule.read',
  'activity.read',
] as const satisfies readonly ServerPermission[]

const OPERATOR = [
  ...VIEWER,
  'control.console',
  'control.start',
  'control.stop',
  'control.restart',
  'file.create',
  'file.read-content',
  'file.update',
  'file.archive',
  'backup.create',
  'schedule.update',
] as const satisfies readonly ServerPermission[]

/** What only the owner does: give access to others, read secrets, and wipe the server. */
const OWNER_ONLY: readonly ServerPermission[] = [
  'user.create',
  'user.update',
  'user.delete',
  'database.view_password',
  'settings.reinstall',
]

/** Starting points for a subuser's permissions; each holds all of the one before. */
export const PRESETS = {
  /** Looks, changes nothing, reads no file's content and not the console, where passwords are typed. */
  viewer: VIEWER,
  /** Runs the server day by day; deletes nothing. */
  operator: OPERATOR,
  /** Everything but access of others, database passwords and reinstallation. */
  manager: (Object.keys(SERVER_PERMISSIONS) as ServerPermission[]).filter((name) => !OWNER_ONLY.includes(name)),
} as const satisfies Record<string, readonly ServerPermission[]>

export type PresetName = keyof typeof PRESETS

/** The preset that a list of permissions equals, for a form's menu. */
export function presetOf(permissions: readonly string[]): PresetName | undefined {
  const wanted = new Set(permissions)
  return (Object.keys(PRESETS) as PresetName[]).find(
    (name) => PRESETS[name].length === wanted.size && PRESETS[name].every((permission) => wanted.has(permission)),
  )
}
