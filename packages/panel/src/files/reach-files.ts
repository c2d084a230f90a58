import { AppError } from '@hatchery/core/errors'
import { hasPermission, keyAllows, type ServerPermission } from '@hatchery/core/permissions'
import { nameFromBytes } from '@hatchery/core/runtime'
import { isAdmin } from '../activity/actor.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import type { NodeLink } from '../nodes/node-link.ts'
import { loadServer, requireConnected, requireIdle, requireNoHolds } from '../servers/power.ts'

/** A server whose files can be reached now. */
export interface ReachedFiles {
  readonly id: number
  readonly server: string
  readonly nodeId: number
  readonly link: NodeLink
}

/**
 * Finds the node that has the files. Who does not administer the panel reaches none of a suspended server, and nobody writes
 * while a server is installed or deleted.
 * @throws AppError `SERVER_SUSPENDED`, `SERVER_BUSY`, `NODE_UNREACHABLE`
 */
export async function reachFiles(
  ctx: RequestContext,
  server: AuthorizedServer,
  access: 'read' | 'write',
): Promise<ReachedFiles> {
  const row = await loadServer(ctx, server)
  if (access === 'write' || row.is_deleting === 1) requireIdle(row)
  if (!isAdmin(ctx)) await requireNoHolds(ctx, row)
  await requireConnected(ctx, row.node_id)
  return { id: row.id, server: row.uuid, nodeId: row.node_id, link: ctx.nodes.of(row.node_id) }
}

/** Whether the caller has a further permission on the server, and their API key as well. */
export function may(ctx: RequestContext, server: AuthorizedServer, permission: ServerPermission): boolean {
  if (!hasPermission(server.permissions, permission)) return false
  const { principal } = ctx
  return principal.kind !== 'api-key' || keyAllows(principal.permissions, { server: permission })
}

/** @throws AppError `PERMISSION_DENIED` */
export function requireMay(ctx: RequestContext, server: AuthorizedServer, permission: ServerPermission): void {
  if (!may(ctx, server, permission)) throw new AppError('PERMISSION_DENIED', { permission })
}

/** The path that an address names: as text, or as all its bytes. */
export function pathOf(query: { readonly path?: string; readonly pathBytes?: string }): string {
  if (query.pathBytes !== undefined) return nameFromBytes(Buffer.from(query.pathBytes, 'base64url'))
  return query.path ?? ''
}
