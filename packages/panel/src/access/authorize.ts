import type { ContractSpec } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import {
  hasPermission,
  keyAllows,
  permissionOf,
  type AdminPermission,
  type RequiredPermission,
  type ServerPermission,
} from '@hatchery/core/permissions'
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
  const required = permissionOf(contract.permission, subject)
  if (required === 'public') return null
  if (required === 'never') throw unknownAction(contract)
  if (required === 'node') {
    if (principal.kind !== 'node') throw new AppError('NOT_SIGNED_IN')
    return null
  }
  if (principal.kind === 'anonymous' || principal.kind === 'node') throw new AppError('NOT_SIGNED_IN')

  if ('server' in required) {
    return authorizeServer(ctx, principal, String(subject.params?.['server'] ?? ''), required.server)
  }
  if ('admin' in required && !principal.isAdmin) throw new AppError('PERMISSION_DENIED', { permission: required.admin })
  requireKey(principal, required)
  return null
}

/**
 * The same decision for one server, for what is not a contract: live topics, live commands, cancelling an operation.
 * @throws AppError `SERVER_NOT_FOUND`, `PERMISSION_DENIED`, `NOT_SIGNED_IN`
 */
export async function authorizeServer(
  ctx: Pick<Context, 'db'>,
  principal: Principal,
  server: string,
  permission: ServerPermission,
): Promise<AuthorizedServer> {
  if (principal.kind === 'anonymous' || principal.kind === 'node') throw new AppError('NOT_SIGNED_IN')
  const found = await findServer(ctx, principal, server)
  if (!found) throw new AppError('SERVER_NOT_FOUND', { id: server })
  if (!hasPermission(found.permissions, permission)) throw new AppError('PERMISSION_DENIED', { permission })
  requireKey(principal, { server: permission })
  return found
}

/** Whether a principal has an administrative permission; an API key only as far as its own list goes. */
export function isAllowedAdmin(principal: Principal, permission: AdminPermission): boolean {
  if (principal.kind === 'anonymous' || principal.kind === 'node') return false
  return principal.isAdmin && isWithinKey(principal, { admin: permission })
}

/** The server and what somebody may do there; null where it is not theirs to know of. An API key's own limits are not in it. */
export async function findServer(
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

function requireKey(principal: Person, required: RequiredPermission): void {
  if (isWithinKey(principal, required)) return
  throw new AppError('PERMISSION_DENIED', {
    permission: typeof required === 'string' ? required : Object.values(required)[0]!,
  })
}

function isWithinKey(principal: Person, required: RequiredPermission): boolean {
  return principal.kind !== 'api-key' || keyAllows(principal.permissions, required)
}

/** The permission depends on a field, and the field has a value that nobody has a permission for. */
function unknownAction({ permission }: Pick<ContractSpec, 'permission'>): AppError {
  const path = typeof permission === 'object' && 'by' in permission ? permission.by.replace(/^\w+\./, '') : ''
  return new AppError('VALIDATION_FAILED', {
    fields: path,
    issues: [{ path, message: 'is not one of the allowed values' }],
  })
}
