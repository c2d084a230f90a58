import { AppError } from '../errors/index.ts'

/**
 * Ports that browsers refuse to fetch from, because what listens there takes orders from whatever is sent to it
 * (https://fetch.spec.whatwg.org/#port-blocking), as far as they are not below 1024.
 */
const UNSAFE_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/**
 * An address that a person wrote, as far as it can be judged without looking its host up: http or https, without
 * credentials. The URL parser has turned numbers such as `0x7f.1` into the address that they stand for.
 * @throws AppError `OUTBOUND_URL_INVALID`
 */
export function readOutboundUrl(text: string): URL {
  const refuse = (reason: string) => new AppError('OUTBOUND_URL_INVALID', { url: text.slice(0, 200), reason })
  if (!URL.canParse(text)) throw refuse('it is no address such as https://example.com/file')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('only http and https are fetched')
  if (url.username !== '' || url.password !== '') {
    url.username = url.password = ''
    throw new AppError('OUTBOUND_URL_INVALID', {
      url: url.href.slice(0, 200),
      reason: 'it holds a user name or password',
    })
  }
  if (url.hostname === '') throw refuse('it names no host')
  url.hash = ''
  return url
}

export const portOf = (url: URL): number =>
  url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)

/** Host as a socket takes it: without the brackets of IPv6. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1')

/** What is below 1024 and no web server, and what browsers refuse. */
export const isWebPort = (port: number): boolean =>
  port === 80 || port === 443 || (port >= 1024 && !UNSAFE_PORTS.has(port))

/** How an address is shown to people and written to logs: queries may hold tokens. */
export const shownUrl = (url: URL): string => `${url.origin}${url.pathname}`.slice(0, 500)
