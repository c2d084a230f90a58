import { compareIp, parseIp } from './ip-address.ts'

/** A free address of a node. */
export interface FreeAllocation {
  readonly ip: string
  readonly port: number
}

/** Which free address a server gets. */
export interface AllocationPolicy {
  /** `lowest`: by address, then port, so that a person can foresee it. `random`: hard to guess. @default 'lowest' */
  readonly order?: 'lowest' | 'random'
  /** Only these ports; see `parsePorts`. */
  readonly ports?: readonly number[]
  /** Only this address. */
  readonly ip?: string
  /** Needed for `random`; answers 0 up to 1. */
  readonly random?: () => number
}

/**
 * Picks a free address, the same one for the same input in any order. It decides only; that no one else takes it
 * meanwhile is up to the transaction that writes it.
 * @returns undefined when none fits the policy
 */
export function chooseAllocation<A extends FreeAllocation>(
  free: readonly A[],
  policy: AllocationPolicy = {},
): A | undefined {
  const ports = policy.ports && new Set(policy.ports)
  const fitting = free
    .filter((allocation) => policy.ip === undefined || allocation.ip === policy.ip)
    .filter((allocation) => ports === undefined || ports.has(allocation.port))
    .toSorted(compareAllocations)
  if (policy.order !== 'random') return fitting[0]
  const random = policy.random ?? Math.random
  return fitting[Math.min(fitting.length - 1, Math.floor(random() * fitting.length))]
}

/** IPv4 before IPv6, each by number; then by port. */
export function compareAllocations(a: FreeAllocation, b: FreeAllocation): number {
  const [left, right] = [parseIp(a.ip), parseIp(b.ip)]
  const byIp = left && right ? compareIp(left, right) : Number(a.ip > b.ip) - Number(a.ip < b.ip)
  return byIp || a.port - b.port
}
