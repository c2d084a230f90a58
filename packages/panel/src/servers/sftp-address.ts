import type { NodeHost, SftpAddress } from '@hatchery/core/api'
import { hasPermission } from '@hatchery/core/permissions'
import type { Static } from 'typebox'
import type { RequestContext } from '../context.ts'

interface Place {
  readonly shortId: string
  readonly fqdn: string
  /** What the node's agent said of its machine; null before it has ever connected. */
  readonly host: string | null
  readonly permissions: readonly string[]
}

/** Where the caller reaches a server by SFTP: the node's public name, the port and host key that its agent has reported. */
export async function sftpAddress(
  { db, principal }: Pick<RequestContext, 'db' | 'principal'>,
  { shortId, fqdn, host, permissions }: Place,
): Promise<SftpAddress | null> {
  if (!('userId' in principal) || host === null || !hasPermission(permissions, 'file.sftp')) return null
  const { ssh } = JSON.parse(host) as Static<typeof NodeHost>
  if (!ssh) return null
  const user = await db
    .selectFrom('users')
    .select('username')
    .where('id', '=', principal.userId)
    .executeTakeFirstOrThrow()
  return { host: fqdn, port: ssh.port, username: `${user.username}.${shortId}`, fingerprint: ssh.fingerprint }
}
