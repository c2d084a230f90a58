import { formatIp, type IpAddress } from '../allocations/ip-address.ts'
import { isInBlock, readAddress, readBlock, type AddressBlock } from './address-block.ts'

/** Where a program may connect on somebody's word. */
export interface AddressPolicy {
  /** @returns why the address is refused, as the end of a sentence; null when it may be reached */
  refusalOf(address: string): string | null
  /** Addresses that the host has allowed; any port may be used there. */
  isAllowedByHost(address: string): boolean
}

export interface AddressPolicyOptions {
  /** Addresses and CIDR blocks that may be reached although they are not public. */
  readonly allow: readonly string[]
  /** Addresses and CIDR blocks that may not be reached although they are public; stronger than `allow`. @default none */
  readonly deny?: readonly string[]
  /** Addresses of the machine that connects, read anew for each question. */
  readonly ownAddresses: () => readonly string[]
  /** What that machine is to whoever reads a refusal. @example 'the machine of the panel' */
  readonly machine: string
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

const listed = ([block, what]: readonly [string, string]) => ({ block: readBlock(block), what })
const REFUSED_4 = IPV4_REFUSED.map(listed)
const REFUSED_6 = IPV6_REFUSED.map(listed)
const GLOBAL_UNICAST_6 = readBlock('2000::/3')
/** NAT64: networks without IPv4 reach every IPv4 address through it, so the one inside decides. */
const NAT64 = readBlock('64:ff9b::/96')
const MAPPED = readBlock('::ffff:0:0/96')

/**
 * Public unicast addresses that are not the machine's own, and what the host allows beside them.
 * @throws Error when an entry of `allow` or `deny` is neither an address nor a block
 */
export function createAddressPolicy({ allow, deny = [], ownAddresses, machine }: AddressPolicyOptions): AddressPolicy {
  const [allowed, denied] = [allow.map(readBlock), deny.map(readBlock)]
  const isAllowed = (address: IpAddress) => isAny(address, allowed) && !isAny(address, denied)
  return {
    isAllowedByHost(text) {
      const address = read(text)
      return address !== undefined && isAllowed(address)
    },
    refusalOf(text) {
      const address = read(text)
      if (!address) return `${JSON.stringify(text.slice(0, 100))} is no address that can be reached`
      if (isAny(inner(address), denied)) return `the host does not allow ${formatIp(address)}`
      if (isAllowed(address)) return null
      const refused = refusalOf(address, isAllowed)
      if (refused !== null) return refused
      const isOwn = ownAddresses().some((own) => isSame(read(own), address))
      return isOwn ? `it is ${machine}` : null
    },
  }
}

function refusalOf(address: IpAddress, isAllowed: (address: IpAddress) => boolean): string | null {
  if (address.family === 4) return reasonIn(REFUSED_4, address)
  if (isInBlock(address, NAT64)) {
    const inside = lastFourBytes(address)
    return isAllowed(inside) ? null : reasonIn(REFUSED_4, inside)
  }
  if (!isInBlock(address, GLOBAL_UNICAST_6)) return `${formatIp(address)} is no public address`
  return reasonIn(REFUSED_6, address)
}

function reasonIn(refused: typeof REFUSED_4, address: IpAddress): string | null {
  const hit = refused.find(({ block }) => isInBlock(address, block))
  return hit ? `${formatIp(address)} is ${hit.what}` : null
}

/** An IPv4 address in whatever dress a dual-stack socket gives it, as plain IPv4. */
function read(text: string): IpAddress | undefined {
  const address = readAddress(text)
  return address && isInBlock(address, MAPPED) ? lastFourBytes(address) : address
}

const inner = (address: IpAddress) => (isInBlock(address, NAT64) ? lastFourBytes(address) : address)
const lastFourBytes = ({ value }: IpAddress): IpAddress => ({ family: 4, value: value & 0xffffffffn })
const isAny = (address: IpAddress, blocks: readonly AddressBlock[]) => blocks.some((block) => isInBlock(address, block))
const isSame = (a: IpAddress | undefined, b: IpAddress) => a?.family === b.family && a.value === b.value
