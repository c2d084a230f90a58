import { keyAllows } from './key-limits.ts'
import type { RequiredPermission } from './permission-of.ts'
import type { PermissionSpec } from './permission-spec.ts'

/**
 * Who stands at the door. `subuser` has access to the server, without or with the permission that is asked for;
 * `limited-key` is an API key of the owner, who is an administrator too, limited to some other permission.
 */
export const PRINCIPAL_KINDS = [
  'anonymous',
  'user-without-access',
  'subuser-without-permission',
  'subuser-with-permission',
  'owner',
  'administrator',
  'limited-key',
  'node',
] as const
export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number]

/**
 * - `sign-in`: 401, nobody has been recognised who could do this: nobody at all, a node where a person is asked for, or
 *   a person where a node is.
 * - `forbidden`: 403.
 * - `invalid`: 422, whoever asks: the request names something that does not exist.
 * - `hidden`: 404, so that nobody learns which servers exist.
 */
export type Verdict = 'allowed' | 'sign-in' | 'forbidden' | 'invalid' | 'hidden'

export interface MatrixRow {
  /** Operation id of an endpoint, or name of a live topic or command. */
  readonly door: string
  readonly kind: 'endpoint' | 'topic' | 'command'
  /** Where the permission depends on a field: its value, or `null` for every value that the contract does not list. */
  readonly value?: string | null
  readonly required: RequiredPermission
  readonly verdicts: Readonly<Record<PrincipalKind, Verdict>>
}

type Doors = Iterable<readonly [name: string, door: { readonly permission: PermissionSpec }]>

/** Everything that somebody could call, of the panel and of its extensions. */
export interface MatrixInput {
  readonly endpoints: Doors
  readonly topics?: Doors
  readonly commands?: Doors
}

/**
 * The stated verdict for every door and every kind of caller; tests of a panel hold its answers against it.
 * @throws Error for a door that states no permission, or one that this table has no verdict for
 * @example authorisationMatrix({ endpoints: CONTRACTS, topics: Object.entries(LIVE_TOPICS) })
 */
export function authorisationMatrix(input: MatrixInput): readonly MatrixRow[] {
  return [
    ...rows('endpoint', input.endpoints),
    ...rows('topic', input.topics ?? []),
    ...rows('command', input.commands ?? []),
  ]
}

function rows(kind: MatrixRow['kind'], doors: Doors): readonly MatrixRow[] {
  return [...doors].flatMap(([door, { permission }]) =>
    outcomes(permission).map(({ value, required }) => ({
      door,
      kind,
      ...(value === undefined ? {} : { value }),
      required,
      verdicts: verdictsOf(door, required),
    })),
  )
}

interface Outcome {
  readonly value?: string | null
  readonly required: RequiredPermission
}

function outcomes(spec: PermissionSpec): readonly Outcome[] {
  if (typeof spec !== 'object' || spec === null || !('by' in spec)) return [{ required: spec }]
  const listed = Object.entries(spec.map).flatMap(([value, inner]) =>
    outcomes(inner).map(({ required }) => ({ value, required })),
  )
  return [...listed, { value: null, required: 'never' }]
}

function verdictsOf(door: string, required: RequiredPermission): Readonly<Record<PrincipalKind, Verdict>> {
  const verdicts = PRINCIPAL_KINDS.map((principal) => [principal, verdictOf(principal, required)] as const)
  const missing = verdicts.find(([, verdict]) => verdict === undefined)
  if (missing) throw new Error(`${door} states no permission that gives a verdict for ${missing[0]}.`)
  return Object.fromEntries(verdicts) as Record<PrincipalKind, Verdict>
}

function verdictOf(principal: PrincipalKind, required: RequiredPermission): Verdict | undefined {
  if (required === 'public') return 'allowed'
  if (required === 'node') return principal === 'node' ? 'allowed' : 'sign-in'
  if (required === 'never') return 'invalid'
  if (typeof required !== 'object' || required === null) return undefined
  if (principal === 'anonymous' || principal === 'node') return 'sign-in'
  // A permission that does not exist: the key below is limited to something else than `required`, whatever that is.
  if (principal === 'limited-key') return keyAllows(['account:none'], required) ? undefined : 'forbidden'
  if ('server' in required) return SERVER_VERDICTS[principal]
  if ('admin' in required) return principal === 'administrator' ? 'allowed' : 'forbidden'
  if ('account' in required) return 'allowed'
  return undefined
}

const SERVER_VERDICTS = {
  'user-without-access': 'hidden',
  'subuser-without-permission': 'forbidden',
  'subuser-with-permission': 'allowed',
  owner: 'allowed',
  administrator: 'allowed',
} as const satisfies Partial<Record<PrincipalKind, Verdict>>
