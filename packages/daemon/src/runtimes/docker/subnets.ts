/** An IPv4 range as numbers, end inclusive. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** @throws Error when the text is no IPv4 range such as `10.213.0.0/16` */
export function parseCidr(text: string): Range {
  const [, address, bits] = /^(\d+\.\d+\.\d+\.\d+)\/(\d|[12]\d|3[0-2])$/.exec(text) ?? []
  const octets = (address ?? '').split('.').map(Number)
  if (octets.length !== 4 || octets.some((octet) => octet > 255)) throw new Error(`${text} is not an IPv4 range.`)
  const size = 2 ** (32 - Number(bits))
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0)
  const start = value - (value % size)
  return { start, end: start + size - 1 }
}

export function formatCidr(start: number, bits: number): string {
  return `${formatAddress(start)}/${bits}`
}

export function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** Address of this machine on a server's network. */
export const gatewayOf = (subnet: string): string => formatAddress(parseCidr(subnet).start + 1)

const overlaps = (a: Range, b: Range) => a.start <= b.end && b.start <= a.end

/** First /28 of `pool` that touches none of `taken`; null when the pool is used up. */
export function chooseSubnet(pool: string, taken: readonly Range[]): string | null {
  const { start, end } = parseCidr(pool)
  const near = taken.filter((range) => overlaps(range, { start, end }))
  for (let at = start; at + 15 <= end; at += 16) {
    const candidate = { start: at, end: at + 15 }
    if (!near.some((range) => overlaps(range, candidate))) return formatCidr(at, 28)
  }
  return null
}

/** Ranges that the host routes already, from `/proc/net/route`; the default route is none. */
export function parseRoutes(text: string): Range[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, destination, , , , , , mask] = line.trim().split(/\s+/)
      if (!destination || !mask || mask === '00000000') return []
      const bits = reversed(mask).toString(2).replaceAll('0', '').length
      const start = reversed(destination)
      return [{ start, end: start + 2 ** (32 - bits) - 1 }]
    })
}

/** The kernel prints addresses as little-endian hexadecimal numbers. */
function reversed(hex: string): number {
  return Number.parseInt(hex.match(/../g)?.toReversed().join('') ?? '0', 16)
}
