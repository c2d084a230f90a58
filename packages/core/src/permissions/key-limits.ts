import { EVERYTHING } from './grants.ts'
import type { RequiredPermission } from './permission-of.ts'

/**
 * Name of a permission in the limits of an API key: its catalogue and its name, since `servers.read` is another thing
 * to an administrator (`admin:servers.read`) than to a player (`account:servers.read`). Undefined for what no key can do.
 */
export function keyPermissionName(required: RequiredPermission): string | undefined {
  if (typeof required === 'string') return undefined
  const [[catalogue, name] = []] = Object.entries(required)
  return catalogue === undefined ? undefined : `${catalogue}:${String(name)}`
}

/**
 * Whether the limits of an API key let a request through; what the key's owner may do is a question of its own.
 * An empty list limits nothing. `server:*` is the whole catalogue. A plain name means
 * the permission of that name on a server or on the own account, never the administrator's.
 */
export function keyAllows(limits: readonly string[], required: RequiredPermission): boolean {
  if (required === 'public') return true
  const name = keyPermissionName(required)
  if (name === undefined) return false
  if (limits.length === 0 || limits.includes(EVERYTHING)) return true
  const [catalogue, plain] = name.split(':')
  return (
    limits.includes(name) ||
    limits.includes(`${catalogue}:${EVERYTHING}`) ||
    (catalogue !== 'admin' && plain !== undefined && limits.includes(plain))
  )
}
