import { addressBits, parseIp, type IpAddress } from '../allocations/ip-address.ts'

/** Addresses that begin with the same bits. */
export interface AddressBlock {
  readonly family: 4 | 6
  readonly first: bigint
  /** Bits that are free behind those that are the same. */
  readonly freeBits: bigint
}

/**
 * Reads an address in any of its spellings, `::ffff:10.0.0.1` among them; undefined for what is none, and for one with a zone.
 */
export function readAddress(text: string): IpAddress | undefined {
  if (!text.includes(':')) return parseIp(text)
  // Only hexadecimal, colons and a dotted tail: the parser of URLs reads the rest of what stands between brackets.
  if (!/^[0-9a-f:.]{2,45}$/i.test(text)) return undefined
  const url = `http://[${text}]/`
  return URL.canParse(url) ? parseIp(new URL(url).hostname.slice(1, -1)) : undefined
}

/**
 * Reads an address or a block such as `10.0.0.0/8`.
 * @throws Error when it is neither
 */
export function readBlock(text: string): AddressBlock {
  const [address = '', prefix, ...rest] = text.split('/')
  const parsed = readAddress(address)
  const most = parsed ? addressBits(parsed.family) : 0
  const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (!parsed || rest.length > 0 || !(bits <= most)) {
    throw new Error(`${text} is neither an IP address nor a block such as 10.0.0.0/8.`)
  }
  const freeBits = BigInt(most - bits)
  return { family: parsed.family, first: (parsed.value >> freeBits) << freeBits, freeBits }
}

export function isInBlock({ family, value }: IpAddress, block: AddressBlock): boolean {
  return family === block.family && value >> block.freeBits === block.first >> block.freeBits
}
