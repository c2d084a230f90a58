import { isIP } from 'node:net'
import type { DurableEvent } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import type { ReportOrigin } from '../servers/store-report.ts'
import type { Change } from '../servers/touch-server.ts'

type SshEvent = Extract<DurableEvent, { readonly name: 'ssh.opened' | 'ssh.closed' | 'files.audit' }>

const TYPES = {
  'ssh.opened': 'server:ssh.opened',
  'ssh.closed': 'server:ssh.closed',
  'files.audit': 'server:ssh.files',
} as const satisfies Record<SshEvent['name'], string>

/**
 * Stores what somebody did over SSH as activity of the server. A node is believed about its own servers only, and about people
 * that exist.
 */
export async function storeSshEvent(
  ctx: Pick<Context, 'events'>,
  { trx }: Pick<Change, 'trx'>,
  origin: ReportOrigin,
  { name, data: { server, user, address, ...data } }: SshEvent,
): Promise<void> {
  const [place, person] = await Promise.all([
    trx
      .selectFrom('servers')
      .select('id')
      .where('uuid', '=', server)
      .where('node_id', '=', origin.nodeId)
      .executeTakeFirst(),
    trx.selectFrom('users').select('id').where('uuid', '=', user).executeTakeFirst(),
  ])
  if (!place || !person) return
  await ctx.events.append(trx, {
    type: TYPES[name],
    userId: person.id,
    serverId: place.id,
    nodeId: origin.nodeId,
    ip: isIP(address) === 0 ? null : address,
    data: { ...data },
  })
}
