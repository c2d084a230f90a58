import type { ContractSpec, PermissionSpec } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { AuthorizedServer, Context } from '../context.ts'
import type { Principal } from './principal.ts'

/** The parts of a request that a permission may depend on. */
export interface Subject {
  readonly params: Readonly<Record<string, unknown>> | undefined
  readonly body: unknown
}

type Person = Exclude<Principal, { kind: 'anonymous' } | { kind: 'node' }>
const EVERYTHING: readonly string[] = ['*']

/**
 * The only door: decides whether a principal may do what a contract says, from `server_access` alone.
 * @returns the server that the path names, when the permission is one of a server
 * @throws AppError `NOT_SIGNED_IN`, `PERMISSION_DENIED`, or `SERVER_NOT_FOUND` where the server is not theirs to know of
 */
export async function authorize(
  ctx: Pick<Context, 'db'>,
  principal: Principal,
  contract: Pick<ContractSpec, 'permission'>,
  subject: Subject,
): Promise<AuthorizedServer | null> {
  const spec = resolve(contract.permission, subject)
  if (spec === 'public') return null
  if (spec === 'node') {
    if (principal.kind !== 'node') throw new AppError('NOT_SIGNED_IN')
    return null
  }
  if (principal.kind === 'anonymous' || principal.kind === 'node') throw new AppError('NOT_SIGNED_IN')

  if ('account' in spec) {
    requireKeyPermission(principal, spec.account)
    return null
  }
  if ('admin' in spec) {
    if (!principal.isAdmin) throw new AppError('PERMISSION_DENIED', { permission: spec.admin })
    requireKeyPermission(principal, spec.admin)
    return null
  }
  return authorizeServer(ctx, principal, String(subject.params?.['server'] ?? ''), spec.server)
}

/**
 * The same decision for one server, for what is not a contract: live topics, live commands, cancelling an operation.
 * @throws AppError `SERVER_NOT_FOUND`, `PERMISSION_DENIED`, `NOT_SIGNED_IN`
 */
export async function authorizeServer(
  ctx: Pick<Context, 'db'>,
  principal: Principal,
  server: string,
  permission: string,
): Promise<AuthorizedServer> {
  if (principal.kind === 'anonymous' || principal.kind === 'node') throw new AppError('NOT_SIGNED_IN')
  const found = await findServer(ctx, principal, server)
  if (!found) throw new AppError('SERVER_NOT_FOUND', { id: server })
  if (!holds(found.permissions, permission)) throw new AppError('PERMISSION_DENIED', { permission })
  requireKeyPermission(principal, permission)
  return found
}

/** Whether a list of granted names holds a permission. */
export function holds(granted: readonly string[], permission: string): boolean {
  return granted.includes(permission) || granted.includes('*')
}

/** Whether a principal has an administrative permission; an API key only as far as its own list goes. */
export function isAllowedAdmin(principal: Principal, permission: string): boolean {
  if (principal.kind === 'anonymous' || principal.kind === 'node') return false
  return principal.isAdmin && keyAllows(principal, permission)
}

async function findServer(
  ctx: Pick<Context, 'db'>,
  principal: Person,
  server: string,
): Promise<AuthorizedServer | null> {
  const rows = await ctx.db
    .selectFrom('servers')
    .leftJoin('server_access', (join) =>
      join.onRef('server_access.server_id', '=', 'servers.id').on('server_access.user_id', '=', principal.userId),
    )
    .select(['servers.id', 'servers.uuid', 'server_access.permissions as permissions'])
    .where(server.length === 8 ? 'servers.short_id' : 'servers.uuid', '=', server)
    .execute()
  const first = rows[0]
  if (!first) return null
  if (principal.isAdmin) return { id: first.id, uuid: first.uuid, permissions: EVERYTHING }
  const granted = rows.flatMap((row) => (row.permissions === null ? [] : (JSON.parse(row.permissions) as string[])))
  if (rows.every((row) => row.permissions === null)) return null
  return { id: first.id, uuid: first.uuid, permissions: granted.includes('*') ? EVERYTHING : [...new Set(granted)] }
}

function resolve(permission: PermissionSpec, subject: Subject): Exclude<PermissionSpec, { by: unknown }> {
  if (typeof permission === 'string' || !('by' in permission)) return permission
  const [part, ...path] = permission.by.split('.')
  let value: unknown = part === 'body' ? subject.body : subject.params
  for (const name of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  }
  const chosen = typeof value === 'string' && Object.hasOwn(permission.map, value) ? permission.map[value] : undefined
  if (!chosen) throw new AppError('VALIDATION_FAILED', { fields: permission.by, issues: [] })
  return resolve(chosen, subject)
}

function requireKeyPermission(principal: Person, permission: string): void {
  if (!keyAllows(principal, permission)) throw new AppError('PERMISSION_DENIED', { permission })
}

function keyAllows(principal: Person, permission: string): boolean {
  return (
    principal.kind !== 'api-key' || principal.permissions.length === 0 || principal.permissions.includes(permission)
  )
}
