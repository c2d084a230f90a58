import { createHash, randomBytes } from 'node:crypto'
import type { Selectable, Transaction } from 'kysely'
import { AppError } from '@hatchery/core/errors'
import type { BodyOf, EnrolmentToken, enrolAgent as EnrolAgent, ResponseOf } from '@hatchery/core/api'
import type { Static } from 'typebox'
import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import type { Database } from '../storage/schema.ts'
import type { EnrolmentTokensTable, NodesTable } from '../storage/tables/nodes.ts'
import { decodeNodeSecret, newKeyId, openNodeSecret, sealNodeSecret } from './node-secrets.ts'

const TOKEN_LIFETIME_MS = 3_600_000

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Makes the only valid token of a node; those before it end, and a locked node may enrol again. */
export async function createEnrolmentToken(
  ctx: RequestContext,
  nodeUuid: string,
): Promise<Static<typeof EnrolmentToken>> {
  const token = `he_${randomBytes(32).toString('base64url')}`
  const expiresAt = ctx.now() + TOKEN_LIFETIME_MS
  await ctx.store.transaction(async (trx) => {
    const node = await trx.selectFrom('nodes').select('id').where('uuid', '=', nodeUuid).executeTakeFirst()
    if (!node) throw new AppError('NODE_NOT_FOUND', { id: nodeUuid })
    await ctx.store.lockRow(trx, 'nodes', node.id)
    await trx.deleteFrom('enrolment_tokens').where('node_id', '=', node.id).execute()
    await trx
      .insertInto('enrolment_tokens')
      .values({
        node_id: node.id,
        token_hash: hashOf(token),
        redeemed_secret_hash: null,
        redeemed_installation: null,
        redeemed_key_id: null,
        expires_at: expiresAt,
        used_at: null,
        created_at: ctx.now(),
      })
      .execute()
    await ctx.events.append(trx, { type: 'node:enrolment-token', ...actorOf(ctx), nodeId: node.id })
  })
  const panel = ctx.config.publicUrl ?? 'https://<address of this panel>'
  return { token, expiresAt, command: `echo '${token}' | hatchery agent --panel ${panel} --enrol-token-stdin` }
}

type Enrolment = ResponseOf<typeof EnrolAgent>
type Body = BodyOf<typeof EnrolAgent>

/**
 * Redeems a token (RULES 15). The same request repeated gets the same answer, because the first answer may have been lost on
 * its way; another secret for a used token means that two machines hold it, and locks the node.
 */
export async function enrolAgent(ctx: RequestContext, body: Body): Promise<Enrolment> {
  const secret = decodeNodeSecret(body.secret)
  const outcome = await ctx.store.transaction(async (trx, afterCommit) => {
    const found = await trx
      .selectFrom('enrolment_tokens')
      .select(['id', 'node_id'])
      .where('token_hash', '=', hashOf(body.token))
      .executeTakeFirst()
    if (!found) return { error: new AppError('ENROLMENT_TOKEN_INVALID') }
    await ctx.store.lockRow(trx, 'nodes', found.node_id)
    const node = await trx.selectFrom('nodes').selectAll().where('id', '=', found.node_id).executeTakeFirstOrThrow()
    const token = await trx.selectFrom('enrolment_tokens').selectAll().where('id', '=', found.id).executeTakeFirst()
    if (!token) return { error: new AppError('ENROLMENT_TOKEN_INVALID') }

    if (token.used_at !== null) return repeat(ctx, trx, node, token, body)
    if (token.expires_at <= ctx.now()) return { error: new AppError('ENROLMENT_TOKEN_INVALID') }
    const keyId = await redeem(ctx, trx, node, token, body, secret)
    afterCommit(() => ctx.bus.publish('nodes', { id: node.id, uuid: node.uuid }))
    return { node, keyId }
  })

  if ('locked' in outcome) {
    ctx.nodes.disconnect(outcome.locked, 'the node was locked')
    throw new AppError('ENROLMENT_LOCKED')
  }
  if ('error' in outcome) throw outcome.error
  return {
    node: outcome.node.uuid,
    keyId: outcome.keyId,
    panelName: ctx.config.panelName,
    linkPath: '/api/agent/link',
  }
}

type Outcome =
  | { readonly node: Selectable<NodesTable>; readonly keyId: string }
  | { readonly error: AppError }
  /** Id of the node. */
  | { readonly locked: number }

async function repeat(
  ctx: RequestContext,
  trx: Transaction<Database>,
  node: Selectable<NodesTable>,
  token: Selectable<EnrolmentTokensTable>,
  body: Body,
): Promise<Outcome> {
  const isSame = token.redeemed_secret_hash === hashOf(body.secret) && token.redeemed_installation === body.installation
  if (isSame && token.redeemed_key_id !== null) {
    if (node.is_locked === 1) return { error: new AppError('ENROLMENT_LOCKED') }
    return { node, keyId: token.redeemed_key_id }
  }
  if (node.is_locked === 0) {
    await trx
      .updateTable('nodes')
      .set((eb) => ({ is_locked: 1, revision: eb('revision', '+', 1) }))
      .where('id', '=', node.id)
      .execute()
    await ctx.events.append(trx, {
      type: 'node:locked',
      nodeId: node.id,
      ip: ctx.ip,
      data: { reason: 'a second machine used the enrolment token', hostname: body.host.hostname },
    })
    await ctx.revocations.revoke(trx, 'node', node.uuid)
  }
  return { locked: node.id }
}

async function redeem(
  ctx: RequestContext,
  trx: Transaction<Database>,
  node: Selectable<NodesTable>,
  token: Selectable<EnrolmentTokensTable>,
  body: Body,
  secret: Uint8Array,
): Promise<string> {
  const keyId = newKeyId()
  // The secret before stays valid until the new one has connected, except on a node that was locked.
  const previous =
    node.is_locked === 0 && node.key_id !== null && node.secret_encrypted !== null
      ? openNodeSecret(ctx, 'secret_encrypted', node.uuid, node.secret_encrypted)
      : null
  await trx
    .updateTable('nodes')
    .set((eb) => ({
      key_id: keyId,
      secret_encrypted: sealNodeSecret(ctx, 'secret_encrypted', node.uuid, secret),
      previous_key_id: previous === null ? null : node.key_id,
      previous_secret_encrypted:
        previous === null ? null : sealNodeSecret(ctx, 'previous_secret_encrypted', node.uuid, previous),
      installation: body.installation,
      host: JSON.stringify(body.host),
      is_locked: 0,
      revision: eb('revision', '+', 1),
    }))
    .where('id', '=', node.id)
    .execute()
  await trx
    .updateTable('enrolment_tokens')
    .set({
      used_at: ctx.now(),
      redeemed_secret_hash: hashOf(body.secret),
      redeemed_installation: body.installation,
      redeemed_key_id: keyId,
    })
    .where('id', '=', token.id)
    .execute()
  await ctx.events.append(trx, {
    type: 'node:enrolled',
    nodeId: node.id,
    ip: ctx.ip,
    data: { installation: body.installation, hostname: body.host.hostname },
  })
  return keyId
}
