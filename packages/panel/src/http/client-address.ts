import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Where a request really comes from, believing `X-Forwarded-*` only when a trusted proxy sent it. */
export interface ClientAddresses {
  ipOf(request: IncomingMessage): string
  isSecure(request: IncomingMessage): boolean
  /** Scheme and host that the caller used. */
  originOf(request: IncomingMessage): string
  /** The host that a trusted proxy says it was called by. */
  forwardedHostOf(request: IncomingMessage): string | undefined
}

export function createClientAddresses(trustedProxies: readonly string[]): ClientAddresses {
  const trusted = addressList(trustedProxies)
  const isTrusted = (ip: string) => trustedProxies.length > 0 && isListed(trusted, ip)

  const isSecure = (request: IncomingMessage): boolean => {
    if ('encrypted' in request.socket && request.socket.encrypted === true) return true
    return isTrusted(peerOf(request)) && firstOf(request.headers['x-forwarded-proto']) === 'https'
  }
  const forwardedHostOf = (request: IncomingMessage): string | undefined =>
    isTrusted(peerOf(request)) ? firstOf(request.headers['x-forwarded-host']) : undefined
  return {
    isSecure,
    forwardedHostOf,

    ipOf(request) {
      let ip = peerOf(request)
      if (trustedProxies.length === 0) return ip
      // From the nearest hop outwards: the first one that is not ours is the client, whatever it claims before that.
      const hops = listOf(request.headers['x-forwarded-for'])
      for (let index = hops.length - 1; index >= 0 && isTrusted(ip); index--) {
        const hop = plain(hops[index]!)
        if (isIP(hop) === 0) break
        ip = hop
      }
      return ip
    },

    originOf(request) {
      return `${isSecure(request) ? 'https' : 'http'}://${forwardedHostOf(request) ?? request.headers.host ?? ''}`
    },
  }
}

/** @throws Error when an entry is neither an address nor a CIDR block */
export function addressList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const version = isIP(address)
    const bits = prefix === undefined ? undefined : Number(prefix)
    const most = version === 4 ? 32 : 128
    if (version === 0 || (bits !== undefined && !(Number.isInteger(bits) && bits >= 0 && bits <= most))) {
      throw new Error(`${entry} is neither an IP address nor a block such as 10.0.0.0/8.`)
    }
    const family = version === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, bits, family)
  }
  return list
}

export function isListed(list: BlockList, ip: string): boolean {
  const version = isIP(ip)
  return version !== 0 && list.check(ip, version === 4 ? 'ipv4' : 'ipv6')
}

export function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address)
}

/** The part of an address that one subscriber has: an IPv4 address, or the /64 of an IPv6 one. */
export function subscriberOf(ip: string): string {
  if (isIP(ip) !== 6) return ip
  const [head = '', tail] = ip.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  if (tail !== undefined) {
    const after = tail.split(':').filter((group) => group !== '')
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return groups.slice(0, 4).join(':')
}

function peerOf(request: IncomingMessage): string {
  return plain(request.socket.remoteAddress ?? '')
}

/** IPv4 addresses that a dual-stack socket shows as `::ffff:…`, ports and brackets removed. */
function plain(address: string): string {
  const text = address.trim()
  if (text.startsWith('::ffff:') && isIP(text.slice(7)) === 4) return text.slice(7)
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)
  if (bracketed) return bracketed[1]!
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)
  return withPort ? withPort[1]! : text
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text === '' ? [] : text.split(',')
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return listOf(header)[0]?.trim()
}
