import type { Static, TObject, TSchema } from 'typebox'
import type { ErrorCode } from '../errors/index.ts'
import type { AccountPermission, AdminPermission, ServerPermission } from '../permissions/index.ts'

/**
 * How an operation behaves when it is repeated or interrupted.
 * - `read`: changes nothing.
 * - `converge`: repeating it leads to the same state.
 * - `resumable`: long; journalled by phase and continued after a crash.
 * - `at-most-once`: never repeated; after a crash its result is `unknown`.
 */
export type OperationClass = 'read' | 'converge' | 'resumable' | 'at-most-once'

/**
 * Who may call an endpoint, as data, so that one place decides and a matrix can be generated.
 * - `{server}`: this permission on the server named by the path parameter `server` (owner and administrators have all).
 * - `{admin}`: an administrative permission. `{account}`: any signed-in person, on their own account.
 * - `public`: nobody has to be signed in. `node`: proven by the agent link or a node token, never by a person.
 * - `{by, map}`: the permission depends on a field of the request (`body.action`).
 */
export type PermissionSpec =
  | { readonly server: ServerPermission }
  | { readonly admin: AdminPermission }
  | { readonly account: AccountPermission }
  | { readonly by: `body.${string}` | `params.${string}`; readonly map: Readonly<Record<string, PermissionSpec>> }
  | 'public'
  | 'node'

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
