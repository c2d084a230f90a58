import { createHash } from 'node:crypto'
import type { ContractSpec } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { RequestContext } from '../context.ts'
import { isUniqueViolation } from '../storage/retry.ts'

/** How long an answer is kept for a repeated request. */
export const IDEMPOTENCY_RETENTION_MS = 7 * 24 * 3_600_000
/** A first request that has not ended after this long was interrupted by a crash. */
const ABANDONED_MS = 10 * 60_000

/** An answer as it goes over the wire. */
export interface WireAnswer {
  readonly status: number
  readonly json: string
  readonly headers: Readonly<Record<string, string | string[]>>
}

export interface IdempotentRequest {
  readonly contract: ContractSpec
  readonly key: string
  readonly path: string
  readonly body: unknown
  readonly ifMatch: number | null
}

/**
 * Carries a request out once for each key of a principal: a repetition gets the first answer, another request under the
 * same key is refused, and so is one that comes while the first still runs.
 */
export async function answerOnce(
  ctx: RequestContext,
  request: IdempotentRequest,
  carryOut: () => Promise<WireAnswer>,
): Promise<WireAnswer> {
  const { principal } = ctx
  if (principal.kind === 'anonymous' || principal.kind === 'node') return carryOut()
  const owner = `user:${principal.userId}`
  const requestHash = hashOf(request)

  const id = await reserve(ctx, owner, request.key, requestHash)
  if (id === null) return replay(ctx, owner, request, requestHash, carryOut)
  return carryOutReserved(ctx, id, request.contract, carryOut)
}

async function carryOutReserved(
  ctx: RequestContext,
  id: number,
  contract: ContractSpec,
  carryOut: () => Promise<WireAnswer>,
): Promise<WireAnswer> {
  let result: WireAnswer
  try {
    result = await carryOut()
  } catch (error) {
    const stored = failureToKeep(error, contract)
    if (stored) await store(ctx, id, stored)
    else await forget(ctx, id)
    throw error
  }
  await store(ctx, id, result)
  return result
}

/**
 * A refusal changed nothing, so the same key may be tried again. What failed half-way may have happened: for an
 * operation that must not be repeated, the failure is the answer for good.
 */
function failureToKeep(error: unknown, contract: ContractSpec): WireAnswer | null {
  if (contract.class !== 'at-most-once') return null
  if (error instanceof AppError && error.status < 500) return null
  const known = error instanceof AppError ? error : new AppError('INTERNAL')
  return { status: known.status, json: JSON.stringify({ error: known.toBody() }), headers: {} }
}

async function replay(
  ctx: RequestContext,
  owner: string,
  request: IdempotentRequest,
  requestHash: string,
  carryOut: () => Promise<WireAnswer>,
): Promise<WireAnswer> {
  const row = await ctx.db
    .selectFrom('idempotency_keys')
    .select(['id', 'request_hash', 'status', 'response', 'created_at'])
    .where('principal', '=', owner)
    .where('key', '=', request.key)
    .executeTakeFirst()
  if (!row) return answerOnce(ctx, request, carryOut)
  const age = ctx.now() - row.created_at
  if (age > IDEMPOTENCY_RETENTION_MS) {
    await forget(ctx, row.id)
    return answerOnce(ctx, request, carryOut)
  }
  if (row.request_hash !== requestHash) throw new AppError('IDEMPOTENCY_KEY_REUSED')
  if (row.status === null || row.response === null) {
    const mayRepeat = age > ABANDONED_MS && request.contract.class !== 'at-most-once'
    if (!mayRepeat) throw new AppError('IDEMPOTENCY_IN_PROGRESS')
    await forget(ctx, row.id)
    return answerOnce(ctx, request, carryOut)
  }
  const stored = JSON.parse(
    Buffer.from(ctx.secrets.decrypt(row.response, placeOf(row.id))).toString('utf8'),
  ) as WireAnswer
  return { ...stored, headers: { ...stored.headers, 'idempotency-replayed': 'true' } }
}

async function reserve(ctx: RequestContext, owner: string, key: string, requestHash: string): Promise<number | null> {
  try {
    return await ctx.store.transaction((trx) =>
      ctx.store.insertId(trx, 'idempotency_keys', {
        principal: owner,
        key,
        request_hash: requestHash,
        status: null,
        response: null,
        created_at: ctx.now(),
      }),
    )
  } catch (error) {
    if (isUniqueViolation(error)) return null
    throw error
  }
}

/** Sealed, because the answer may hold a secret that is shown once. */
async function store(ctx: RequestContext, id: number, result: WireAnswer): Promise<void> {
  const response = ctx.secrets.encrypt(JSON.stringify(result), placeOf(id))
  await ctx.store.transaction(async (trx) => {
    await trx.updateTable('idempotency_keys').set({ status: result.status, response }).where('id', '=', id).execute()
  })
}

async function forget(ctx: RequestContext, id: number): Promise<void> {
  await ctx.store.transaction(async (trx) => {
    await trx.deleteFrom('idempotency_keys').where('id', '=', id).execute()
  })
}

function placeOf(id: number): string {
  return `idempotency_keys:response:${id}`
}

function hashOf({ contract, path, body, ifMatch }: IdempotentRequest): string {
  const text = JSON.stringify([contract.method, path, body ?? null, ifMatch])
  return createHash('sha256').update(text).digest('hex')
}
