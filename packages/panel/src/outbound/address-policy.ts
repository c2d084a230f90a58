import { networkInterfaces } from 'node:os'
import { createAddressPolicy as createPolicy, type AddressPolicy } from '@hatchery/core/outbound'

export type { AddressPolicy }

/**
 * Public unicast addresses that are not this machine's own, and what the host allows beside them.
 * @param allowed addresses and CIDR blocks
 * @throws Error when an entry of `allowed` is neither
 */
export function createAddressPolicy(
  allowed: readonly string[],
  ownAddresses: () => readonly string[] = addressesOfThisMachine,
): AddressPolicy {
  return createPolicy({ allow: allowed, ownAddresses, machine: 'the machine of the panel' })
}

function addressesOfThisMachine(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
}
