import { isIP, type BlockList } from 'node:net'
import { networkInterfaces } from 'node:os'
import { addressList, isListed } from '../http/client-address.ts'

/** Where the panel may connect on somebody's word. */
export interface AddressPolicy {
  /** @returns why the address is refused, as the end of a sentence; null when it may be reached */
  refusalOf(address: string): string | null
  /** Addresses that the host has allowed; any port may be used there. */
  isAllowedByHost(address: string): boolean
}

/**
 * IPv4 that is not public unicast (IANA's registry of special-purpose addresses), and two that look public and are not:
 * the platform services of Azure, and the relays of 6to4, which no longer exist.
 */
const IPV4_REFUSED: readonly (readonly [block: string, what: string])[] = [
  ['0.0.0.0/8', 'the machine itself'],
  ['10.0.0.0/8', 'a private network'],
  ['100.64.0.0/10', "a provider's own network"],
  ['127.0.0.0/8', 'the machine itself'],
  ['168.63.129.16/32', "a cloud's internal services"],
  ['169.254.0.0/16', 'link-local, where clouds keep their metadata'],
  ['172.16.0.0/12', 'a private network'],
  ['192.0.0.0/24', 'reserved for protocols'],
  ['192.0.2.0/24', 'reserved for documentation'],
  ['192.88.99.0/24', 'a relay between IPv4 and IPv6'],
  ['192.168.0.0/16', 'a private network'],
  ['198.18.0.0/15', 'reserved for measurements'],
  ['198.51.100.0/24', 'reserved for documentation'],
  ['203.0.113.0/24', 'reserved for documentation'],
  ['224.0.0.0/4', 'a multicast group'],
  ['240.0.0.0/4', 'reserved'],
]

/** Within 2000::/3, which is all that is public in IPv6. */
const IPV6_REFUSED: readonly (readonly [block: string, what: string])[] = [
  ['2001::/23', 'reserved for protocols and tunnels'],
  ['2001:db8::/32', 'reserved for documentation'],
  ['2002::/16', 'a tunnel that hides an IPv4 address'],
  ['3fff::/20', 'reserved for documentation'],
]

const list = ([block, what]: readonly [string, string]) => ({ blocks: addressList([block]), what })
const REFUSED_4 = IPV4_REFUSED.map(list)
const REFUSED_6 = IPV6_REFUSED.map(list)
const GLOBAL_UNICAST_6 = addressList(['2000::/3'])
/** NAT64: networks without IPv4 reach every IPv4 address through it, so the one inside decides. */
const NAT64 = addressList(['64:ff9b::/96'])
const MAPPED = addressList(['::ffff:0:0/96'])

/**
 * Public unicast addresses that are not this machine's own, and what the host allows beside them.
 * @param allowed addresses and CIDR blocks
 * @throws Error when an entry of `allowed` is neither
 */
export function createAddressPolicy(
  allowed: readonly string[],
  ownAddresses: () => readonly string[] = addressesOfThisMachine,
): AddressPolicy {
  const allowList = addressList(allowed)
  const isAllowedByHost = (address: string) => isListed(allowList, plain(address))
  return {
    isAllowedByHost,
    refusalOf(address) {
      const refused = refusalOfAny(plain(address), allowList)
      if (refused !== null || isAllowedByHost(address)) return refused
      return ownAddresses().includes(plain(address)) ? 'it is the machine of the panel' : null
    },
  }
}

function refusalOfAny(address: string, allowed: BlockList): string | null {
  const version = isIP(address)
  if (version === 0) return `${JSON.stringify(address.slice(0, 100))} is no address`
  if (isListed(allowed, address)) return null
  if (version === 4) return reasonIn(REFUSED_4, address)
  if (address.includes('%')) return `${address} is an address of one link`
  if (isListed(NAT64, address)) return refusalOfAny(lastFourBytes(address), allowed)
  if (!isListed(GLOBAL_UNICAST_6, address)) return `${address} is no public address`
  return reasonIn(REFUSED_6, address)
}

function reasonIn(refused: typeof REFUSED_4, address: string): string | null {
  const hit = refused.find(({ blocks }) => isListed(blocks, address))
  return hit ? `${address} is ${hit.what}` : null
}

/** An IPv4 address in whatever dress a dual-stack socket gives it, as plain IPv4. */
function plain(address: string): string {
  return isIP(address) === 6 && !address.includes('%') && isListed(MAPPED, address) ? lastFourBytes(address) : address
}

function lastFourBytes(address: string): string {
  const [high = '0', low = '0'] = groupsOf(address).slice(6)
  const bytes = [high, low].flatMap((group) => {
    const number = Number.parseInt(group, 16)
    return [number >> 8, number & 255]
  })
  return bytes.join('.')
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const before = head === '' ? [] : head.split(':')
  if (tail === undefined) return before
  const after = tail === '' ? [] : tail.split(':')
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after]
}

function addressesOfThisMachine(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
}
