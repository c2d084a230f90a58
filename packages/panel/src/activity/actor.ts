import type { RequestContext } from '../context.ts'

export interface Actor {
  readonly userId: number | null
  readonly ip: string
}

/** Who an event of this request is by. @example events.append(trx, { type: 'nest:created', ...actorOf(ctx) }) */
export function actorOf(ctx: Pick<RequestContext, 'principal' | 'ip'>): Actor {
  return { userId: 'userId' in ctx.principal ? ctx.principal.userId : null, ip: ctx.ip }
}

/** The same for a node's own log. */
export function requesterOf({ principal }: Pick<RequestContext, 'principal'>): string {
  return 'userUuid' in principal ? `user:${principal.userUuid}` : principal.kind
}

export function isAdmin({ principal }: Pick<RequestContext, 'principal'>): boolean {
  return 'isAdmin' in principal && principal.isAdmin
}
