import type { Context } from '../context.ts'
import { openWingsSecret } from './wings-secret.ts'

/** How a Wings is reached. */
export interface WingsSettings {
  readonly id: number
  readonly uuid: string
  readonly name: string
  readonly fqdn: string
  /** Such as `https://node.example.com:8080`. */
  readonly origin: string
  /** Null until its configuration was made. */
  readonly secret: string | null
}

/** Every Wings node, as its administrator has set it. */
export async function readWingsNodes(ctx: Pick<Context, 'db' | 'secrets'>): Promise<readonly WingsSettings[]> {
  const nodes = await ctx.db
    .selectFrom('nodes')
    .select(['id', 'uuid', 'name', 'fqdn', 'scheme', 'daemon_port', 'is_locked', 'wings_token_encrypted'])
    .where('kind', '=', 'wings')
    .execute()
  return nodes.map(({ id, uuid, name, fqdn, scheme, daemon_port, is_locked, wings_token_encrypted }) => ({
    id,
    uuid,
    name,
    fqdn,
    origin: originOf(scheme, fqdn, daemon_port),
    secret:
      is_locked === 1 || wings_token_encrypted === null ? null : openWingsSecret(ctx, uuid, wings_token_encrypted),
  }))
}

function originOf(scheme: string, fqdn: string, port: number): string {
  const host = fqdn.includes(':') ? `[${fqdn}]` : fqdn
  return `${scheme === 'http' ? 'http' : 'https'}://${host}:${port}`
}
