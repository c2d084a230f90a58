import type { AccountPermission, AdminPermission, ServerPermission } from './catalogue.ts'
import type { PermissionSpec } from './permission-spec.ts'

/** What one request needs, with nothing left to look up. `never`: nobody may do this. */
export type RequiredPermission =
  | { readonly server: ServerPermission }
  | { readonly admin: AdminPermission }
  | { readonly account: AccountPermission }
  | 'public'
  | 'node'
  | 'never'

/** The parts of a request that a permission may depend on. */
export interface PermissionRequest {
  readonly params?: unknown
  readonly body?: unknown
}

/**
 * What a request needs. Where the permission depends on a field, a value that the contract does not list is `never`
 * allowed: an action that is added without a permission is closed, not open.
 * @example permissionOf(powerServer.permission, { body: { action: 'kill' } }) // { server: 'control.stop' }
 */
export function permissionOf(spec: PermissionSpec, request: PermissionRequest): RequiredPermission {
  if (typeof spec === 'string' || !('by' in spec)) return spec
  const value = fieldOf(request, spec.by)
  if (typeof value !== 'string' || !Object.hasOwn(spec.map, value)) return 'never'
  const next = spec.map[value]
  return next === undefined ? 'never' : permissionOf(next, request)
}

/** The field that `body.action` or `params.feature` names; only own fields, so that no inherited one can be asked for. */
function fieldOf(request: PermissionRequest, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => {
    const isObject = typeof at === 'object' && at !== null
    return isObject && Object.hasOwn(at, key) ? (at as Readonly<Record<string, unknown>>)[key] : undefined
  }, request)
}
