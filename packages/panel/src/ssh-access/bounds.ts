import type { BodyOf, createAppPassword } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { EVERYTHING, SERVER_PERMISSIONS, keyAllows, type ServerPermission } from '@hatchery/core/permissions'
import { findServer } from '../access/authorize.ts'
import { callerOf } from '../access/caller.ts'
import type { RequestContext } from '../context.ts'
import { addressList } from '../http/client-address.ts'

type Wanted = Pick<BodyOf<typeof createAppPassword>, 'servers' | 'allowedIps' | 'expiresAt'>

/** Where a key or app password is good for, as it is stored. */
export interface BoundColumns {
  readonly servers: string | null
  readonly allowed_ips: string | null
  readonly expires_at: number | null
}

/**
 * Checks what a new credential shall be bound to.
 * @throws AppError `VALIDATION_FAILED`, `SERVER_NOT_FOUND`
 */
export async function readBounds(ctx: RequestContext, wanted: Wanted): Promise<BoundColumns> {
  const { servers = null, allowedIps = null, expiresAt = null } = wanted
  if (expiresAt !== null && expiresAt <= ctx.now()) throw notValid('expiresAt', 'must be in the future')
  if (allowedIps !== null) {
    try {
      addressList(allowedIps)
    } catch (error) {
      throw notValid('allowedIps', error instanceof Error ? error.message : 'is not an address', { cause: error })
    }
  }
  const caller = callerOf(ctx)
  for (const server of servers ?? []) {
    if (!(await findServer(ctx, caller, server))) throw new AppError('SERVER_NOT_FOUND', { id: server })
  }
  return {
    servers: servers && JSON.stringify([...new Set(servers)]),
    allowed_ips: allowedIps && JSON.stringify(allowedIps),
    expires_at: expiresAt,
  }
}

/** The same columns, as people see them. */
export function boundsOf(row: BoundColumns) {
  return {
    servers: row.servers === null ? null : (JSON.parse(row.servers) as string[]),
    allowedIps: row.allowed_ips === null ? null : (JSON.parse(row.allowed_ips) as string[]),
    expiresAt: row.expires_at,
  }
}

/**
 * What is made here opens files and controls of servers, so that an API key which may not do all of that makes none.
 * @throws AppError `GRANT_EXCEEDS_OWN`
 */
export function requireFullKey(ctx: RequestContext): void {
  const caller = callerOf(ctx)
  if (caller.kind !== 'api-key' || caller.permissions.length === 0 || caller.permissions.includes(EVERYTHING)) return
  const opened = (Object.keys(SERVER_PERMISSIONS) as ServerPermission[]).filter((name) =>
    /^(file|control)\./.test(name),
  )
  const missing = opened.find((name) => !keyAllows(caller.permissions, { server: name }))
  if (missing !== undefined) throw new AppError('GRANT_EXCEEDS_OWN', { permission: missing })
}

function notValid(field: string, message: string, options?: ErrorOptions): AppError {
  return new AppError('VALIDATION_FAILED', { fields: field, issues: [{ path: field, message }] }, options)
}
