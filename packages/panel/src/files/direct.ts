import { randomBytes } from 'node:crypto'
import type { ResponseOf } from '@hatchery/core/api'
import type * as api from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { DIRECT_TOKEN_MS, MAX_DIRECT_TOKEN_LENGTH, signDirectToken, type DirectClaims } from '@hatchery/core/protocol'
import { findServer } from '../access/authorize.ts'
import { callerOf } from '../access/caller.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { directOriginOf } from '../nodes/direct-origin.ts'
import { openNodeSecret } from '../nodes/node-secrets.ts'
import { logFiles } from './log-files.ts'
import { may, reachFiles, requireMay, type ReachedFiles } from './reach-files.ts'

type Answer = ResponseOf<typeof api.openDirectDownload>

/** Makes a link under which the node gives a file itself. */
export async function openDirectDownload(ctx: RequestContext, server: AuthorizedServer, path: string): Promise<Answer> {
  const reached = await reachFiles(ctx, server, 'read')
  const answer = await linkTo(ctx, reached, { action: 'download', subject: path })
  if (answer.link) await logFiles(ctx, reached, 'read', [path])
  return answer
}

/** Makes a link under which the node takes the rest of an upload itself. */
export async function openDirectUpload(ctx: RequestContext, server: AuthorizedServer, upload: string): Promise<Answer> {
  const reached = await reachFiles(ctx, server, 'write')
  // Asked now, so that what cannot go on says so before any byte is sent.
  await reached.link.call('uploads.read', { server: reached.server, upload, owner: callerOf(ctx).userUuid })
  return linkTo(ctx, reached, { action: 'upload', subject: upload })
}

/** Makes a link under which the node gives what is live of a server itself. */
export async function openDirectLive(ctx: RequestContext, server: AuthorizedServer): Promise<Answer> {
  const reached = await reachFiles(ctx, server, 'read')
  const topics = may(ctx, server, 'control.console') ? ['server-console', 'server-stats'] : ['server-stats']
  return linkTo(ctx, reached, { action: 'live', subject: topics.join(' ') })
}

const NEEDS = { download: 'file.read-content', upload: 'file.create', live: 'websocket.connect' } as const
const ROUTES = { download: 'files', upload: 'uploads', live: 'live' } as const

/** No link when browsers do not reach the node, or the path is longer than any address. */
async function linkTo(
  ctx: RequestContext,
  { server, nodeId }: ReachedFiles,
  what: Pick<DirectClaims, 'action' | 'subject'>,
): Promise<Answer> {
  const caller = callerOf(ctx)
  const node = await ctx.db
    .selectFrom('nodes')
    .select(['uuid', 'host', 'key_id', 'secret_encrypted'])
    .where('id', '=', nodeId)
    .executeTakeFirstOrThrow()
  const origin = directOriginOf(node.host)
  if (origin === null || node.key_id === null || node.secret_encrypted === null) return { link: null }
  const { access_revision: accessRevision } = await ctx.db
    .selectFrom('users')
    .select('access_revision')
    .where('id', '=', caller.userId)
    .executeTakeFirstOrThrow()
  // Looked at after the revision was read: what is taken back from now on raises it, and the node refuses the token.
  const again = await findServer(ctx, caller, server)
  if (!again) throw new AppError('SERVER_NOT_FOUND', { id: server })
  requireMay(ctx, again, NEEDS[what.action])
  if (what.subject.includes('server-console')) requireMay(ctx, again, 'control.console')
  const expiresAt = ctx.now() + DIRECT_TOKEN_MS
  const token = signDirectToken(openNodeSecret(ctx, 'secret_encrypted', node.uuid, node.secret_encrypted), {
    ...what,
    id: randomBytes(16).toString('hex'),
    keyId: node.key_id,
    node: node.uuid,
    server,
    user: caller.userUuid,
    accessRevision,
    origin: ctx.header('origin') ?? null,
    expiresAt,
  })
  if (token.length > MAX_DIRECT_TOKEN_LENGTH) return { link: null }
  return { link: { origin, url: `${origin}/direct/v1/${ROUTES[what.action]}?token=${token}`, expiresAt } }
}
