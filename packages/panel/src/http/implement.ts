import type { BodyOf, ContractSpec, ParamsOf, QueryOf, ResponseOf } from '@hatchery/core/api'
import type { FastifyInstance } from 'fastify'
import type { Context, RequestContext } from '../context.ts'
import type { ContractLayer } from './contract-layer.ts'
import type { Reply } from './reply.ts'

/** Where a domain folder puts its endpoints. */
export interface Routes {
  readonly fastify: FastifyInstance
  readonly ctx: Context
  readonly layer: ContractLayer
}

export interface Input<S extends ContractSpec> {
  readonly params: ParamsOf<S>
  readonly query: QueryOf<S>
  readonly body: BodyOf<S>
  /** Revision that the caller has seen (`If-Match`); null when not sent. See {@link checkRevision}. */
  readonly ifMatch: number | null
}

/** One call of one use case. The signal fires when the caller has gone away. */
export type Handler<S extends ContractSpec> = (
  ctx: RequestContext,
  input: Input<S>,
  signal: AbortSignal,
) => Promise<ResponseOf<S> | Reply<ResponseOf<S>>>

/**
 * Answers a contract: authorisation, validation, idempotency, limits and error bodies are the layer's, the rest is one call.
 * The status is the lowest success status of the contract; `answer(status, body)` chooses another.
 * @example implement(routes, powerServer, (ctx, { params, body }, signal) => requestPower(ctx, params.server, body.action, signal))
 */
export function implement<const S extends ContractSpec>(routes: Routes, contract: S, handler: Handler<S>): void {
  routes.layer.register(routes.fastify, routes.ctx, contract, handler as unknown as Handler<ContractSpec>)
}
