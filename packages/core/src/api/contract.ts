import type { Static, TObject, TSchema } from 'typebox'
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
  /** JSON body. */
  readonly body?: TSchema
  /** Success answers by status. */
  readonly response: Readonly<Record<number, TSchema>>
  /** Codes this endpoint answers beside the general ones. */
  readonly errors?: readonly ErrorCode[]
  readonly rate?: RateClass
  /** Largest JSON body in bytes. @default 262144 */
  readonly bodyLimitBytes?: number
}

/** One endpoint, described once: route, OpenAPI, SDK, UI call and authorisation matrix come from it. */
export type Contract<S extends ContractSpec = ContractSpec> = S

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
