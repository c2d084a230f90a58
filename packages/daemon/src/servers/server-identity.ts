import { networkInterfaces } from 'node:os'
import { AppError } from '@hatchery/core/errors'
import { readFileSync } from 'node:fs'

const SUBNET_BITS = 28
const SUBNET_SIZE = 2 ** (32 - SUBNET_BITS)

interface Range {
  readonly first: number
  readonly last: number
}

/** The lowest free uid of the range; kept for the life of the server (RULES 19). */
export function allocateUid(range: { readonly first: number; readonly count: number }, used: Iterable<number>): number {
  const taken = new Set(used)
  for (let uid = range.first; uid < range.first + range.count; uid++) if (!taken.has(uid)) return uid
  throw new AppError('NODE_FULL', { node: 'this', resource: 'user ids', free: 0, wanted: 1 })
}

/** The lowest free /28 of the range that no route of the machine overlaps; null when there is none left. */
export function allocateSubnet(
  range: string,
  used: Iterable<string>,
  routes: readonly string[] = readHostRoutes(),
): string | null {
  const taken = new Set(used)
  const blocked = routes.flatMap((route) => parseRange(route) ?? [])
  const whole = parseRange(range)
  if (!whole) throw new Error(`${range} is not an IPv4 range such as 10.213.0.0/16.`)
  for (let first = whole.first; first + SUBNET_SIZE - 1 <= whole.last; first += SUBNET_SIZE) {
    const subnet = `${formatAddress(first)}/${SUBNET_BITS}`
    const overlaps = blocked.some((other) => other.first <= first + SUBNET_SIZE - 1 && other.last >= first)
    if (!taken.has(subnet) && !overlaps) return subnet
  }
  return null
}

/** Networks the machine reaches by itself: its interfaces and its routing table, the default route left out. */
function readHostRoutes(): readonly string[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ family, cidr }) => (family === 'IPv4' && cidr ? [cidr] : [])),
  )
  try {
    const rows = readFileSync('/proc/net/route', 'utf8').trim().split('\n').slice(1)
    return [...own, ...rows.flatMap(readRoute)]
  } catch {
    // No such table on this system: the interfaces are what we know.
    return own
  }
}

function readRoute(row: string): readonly string[] {
  const [, destination = '', , , , , , mask = ''] = row.split('\t')
  const bits = [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === '1').length
  if (bits === 0) return []
  const bytes = destination.match(/../g)?.toReversed() ?? []
  return [`${bytes.map((byte) => Number.parseInt(byte, 16)).join('.')}/${bits}`]
}

function parseRange(cidr: string): Range | null {
  const [, a, b, c, d, bits] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr) ?? []
  if (bits === undefined || Number(bits) > 32) return null
  const address = [a, b, c, d].reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(address / size) * size
  return { first, last: first + size - 1 }
}

function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
