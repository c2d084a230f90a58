import { Readable } from 'node:stream'
import { isBytes, type ContractSpec } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { TSchema } from 'typebox'
import { projectionOf, type Projection } from './projection.ts'
import { compileValidator } from './validation.ts'

/** A contract's schemas as functions. */
export interface CompiledContract {
  /** Lowest success status. */
  readonly status: number
  /** Each answers the part with its known fields only. @throws AppError `VALIDATION_FAILED` */
  params(value: unknown): unknown
  query(value: unknown): unknown
  body(value: unknown): unknown
  /** Whether the body of an answer is raw bytes, and not for {@link serialize}. */
  isBytes(status: number): boolean
  /** JSON of the contract's fields. @throws Error when the contract has no such status */
  serialize(status: number, body: unknown): string
}

export async function compileContract(contract: ContractSpec): Promise<CompiledContract> {
  const [params, query, body] = await Promise.all([
    reader(contract.params, 'text'),
    reader(contract.query, 'text'),
    isBytes(contract.body) ? readBytes : reader(contract.body, 'json'),
  ])
  const responses = new Map<number, Projection | null>(
    Object.entries(contract.response).map(([status, schema]) => [Number(status), projectionOf(schema)]),
  )
  return {
    status: Math.min(...responses.keys()),
    params,
    query,
    body,
    isBytes: (status) => isBytes(contract.response[status]),
    serialize(status, value) {
      const project = responses.get(status)
      if (project === undefined) throw new Error(`${contract.method} ${contract.path} has no answer ${status}.`)
      return JSON.stringify(project ? project(value) : value)
    },
  }
}

/** A body of raw bytes is handed on unread. */
function readBytes(value: unknown): Readable {
  if (value instanceof Readable) return value
  if (value === undefined) return Readable.from([])
  throw new AppError('BAD_REQUEST', { reason: 'the body must be application/octet-stream' })
}

async function reader(schema: TSchema | undefined, source: 'text' | 'json'): Promise<(value: unknown) => unknown> {
  if (!schema) return () => undefined
  const validate = await compileValidator(schema, source)
  const project = projectionOf(schema)
  return (value) => {
    if (value instanceof Readable) throw new AppError('BAD_REQUEST', { reason: 'the body must be application/json' })
    const given = value ?? {}
    validate(given)
    return project ? project(given) : given
  }
}
