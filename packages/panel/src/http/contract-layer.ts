import type { ContractSpec } from '@hatchery/core/api'
import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import type { Handler } from './implement.ts'

/** What every endpoint has in common. */
export interface ContractLayer {
  register(fastify: FastifyInstance, ctx: Context, contract: ContractSpec, handler: Handler<ContractSpec>): void
}
