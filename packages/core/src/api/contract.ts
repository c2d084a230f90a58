import { Type, type Static, type TObject, type TSchema } from 'typebox'
import type { ErrorCode } from '../errors/index.ts'
import type { PermissionSpec } from '../permissions/index.ts'

export type { PermissionSpec }

/**
 * How an operation behaves when it is repeated or interrupted.
 * - `read`: changes nothing.
 * - `converge`: repeating it leads to the same state.
 * - `resumable`: long; journalled by phase and continued after a crash.
 * - `at-most-once`: never repeated; after a crash its result is `unknown`.
 */
export type OperationClass = 'read' | 'converge' | 'resumable' | 'at-most-once'

/** Rate limit classes; the numbers are settings of the panel. */
export type RateClass = 'default' | 'auth' | 'write' | 'power' | 'expensive' | 'unlimited'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ContractSpec {
  readonly method: HttpMethod
  /** Below `/api/v1`, with `:name` parameters. */
  readonly path: `/${string}`
  /** Heading in the API documentation. */
  readonly tag: string
  /** One line, in the imperative. */
  readonly summary: string
  readonly description?: string
  readonly class: OperationClass
  readonly permission: PermissionSpec
  readonly params?: TObject
  readonly query?: TObject
  /** JSON body; {@link Bytes} for raw bytes, which are handed on as they come and never kept. */
  readonly body?: TSchema
  /** Success answers by status; {@link Bytes} for raw bytes. */
  readonly response: Readonly<Record<number, TSchema>>
  /** Codes this endpoint answers beside the general ones. */
  readonly errors?: readonly ErrorCode[]
  readonly rate?: RateClass
  /** Largest JSON body in bytes. @default 262144 */
  readonly bodyLimitBytes?: number
}

/** One endpoint, described once: route, OpenAPI, SDK, UI call and authorisation matrix come from it. */
export type Contract<S extends ContractSpec = ContractSpec> = S

/** Raw bytes as they come and go, `application/octet-stream`. */
export const Bytes = Type.Unsafe<AsyncIterable<Uint8Array>>({ type: 'string', format: 'binary' })

/** Whether a body or an answer is raw bytes. */
export function isBytes(schema: TSchema | undefined): boolean {
  return schema !== undefined && 'format' in schema && schema.format === 'binary'
}

/** Declares an endpoint. @example export const listServers = contract({ method: 'GET', path: '/servers', … }) */
export function contract<const S extends ContractSpec>(spec: S): Contract<S> {
  return spec
}

type Part<S, K extends string> = S extends Readonly<Record<K, infer T extends TSchema>> ? Static<T> : undefined

export type ParamsOf<S extends ContractSpec> = Part<S, 'params'>
export type QueryOf<S extends ContractSpec> = Part<S, 'query'>
export type BodyOf<S extends ContractSpec> = Part<S, 'body'>
/** What the endpoint answers on success: the union of its success bodies. */
export type ResponseOf<S extends ContractSpec> = Static<S['response'][keyof S['response'] & number]>
