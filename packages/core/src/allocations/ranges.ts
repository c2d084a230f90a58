import { AppError } from '../errors/index.ts'
import { addressBits, formatIp, parseIp, type IpAddress } from './ip-address.ts'

/** Most addresses, ports, or pairs of both, that one request may mean. */
export const MAX_ALLOCATIONS = 65_536

/**
 * Ports of a list such as `['25565', '25600-25650']`: each once, rising.
 * @throws AppError `ALLOCATION_RANGE_INVALID` for what is no port or range between 1 and 65535
 */
export function parsePorts(ranges: readonly string[]): readonly number[] {
  const ports = new Set<number>()
  for (const range of ranges) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range.trim())
    if (!match) throw invalid(`"${range}" is neither a port nor a range such as 25600-25650`)
    const first = Number(match[1])
    const last = Number(match[2] ?? match[1])
    if (first < 1 || last > 65_535) throw invalid(`"${range}" leaves the ports 1 to 65535`)
    if (first > last) throw invalid(`"${range}" ends before it begins`)
    for (let port = first; port <= last; port += 1) ports.add(port)
  }
  if (ports.size === 0) throw invalid('no port is named')
  return [...ports].toSorted((a, b) => a - b)
}

/**
 * Addresses of `192.0.2.10` or of a block such as `192.0.2.0/28` or `2001:db8::/124`, rising, all of the block
 * (a routed block has no broadcast address), written in their one canonical form.
 * @throws AppError `ALLOCATION_RANGE_INVALID` for what is no address, a block that is not written from its start,
 * or one of more than {@link MAX_ALLOCATIONS}
 */
export function expandAddresses(text: string): readonly string[] {
  const [base = '', prefixText, ...rest] = text.trim().split('/')
  const address = parseIp(base)
  if (!address || rest.length > 0) throw invalid(`"${text}" is neither an address nor a block such as 192.0.2.0/28`)
  refuseUnusable(address, base)
  const bits = addressBits(address.family)
  if (prefixText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(prefixText)) {
    throw invalid(`"/${prefixText}" is not the length of a prefix`)
  }
  const prefix = prefixText === undefined ? bits : Number(prefixText)
  if (prefix > bits) throw invalid(`"/${prefix}" is longer than an IPv${address.family} address`)
  if (bits - prefix > 16) throw invalid(`"${text}" has more than ${MAX_ALLOCATIONS} addresses`)

  const size = 1n << BigInt(bits - prefix)
  const start = address.value - (address.value % size)
  if (start !== address.value) {
    const network = formatIp({ family: address.family, value: start })
    throw invalid(`"${text}" does not begin at its own start; write ${network}/${prefix}`)
  }
  return Array.from({ length: Number(size) }, (_, index) =>
    formatIp({ family: address.family, value: start + BigInt(index) }),
  )
}

/**
 * Every address with every port.
 * @throws AppError `ALLOCATION_RANGE_INVALID`, also for more than {@link MAX_ALLOCATIONS} pairs
 */
export function expandAllocations(
  address: string,
  ports: readonly string[],
): readonly { readonly ip: string; readonly port: number }[] {
  const ips = expandAddresses(address)
  const numbers = parsePorts(ports)
  const count = ips.length * numbers.length
  if (count > MAX_ALLOCATIONS) throw invalid(`it means ${count} allocations; ${MAX_ALLOCATIONS} at once are allowed`)
  return ips.flatMap((ip) => numbers.map((port) => ({ ip, port })))
}

function refuseUnusable(address: IpAddress, text: string): void {
  const { family, value } = address
  if (family === 6 && value >> 32n === 0xffffn) {
    throw invalid(`"${text}" is an IPv4 address in IPv6 form; write it as IPv4`)
  }
  const isMulticast = family === 4 ? value >> 28n >= 14n : value >> 120n === 0xffn
  if (isMulticast) throw invalid(`"${text}" is a multicast or reserved address, on which no server can listen`)
}

function invalid(reason: string): AppError<'ALLOCATION_RANGE_INVALID'> {
  return new AppError('ALLOCATION_RANGE_INVALID', { reason })
}
