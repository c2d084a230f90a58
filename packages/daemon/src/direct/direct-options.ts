export interface DirectOptions {
  /** What browsers find this node under, such as `https://node-1.example.com:8443`; an origin, nothing behind it. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** PEM files; null where a proxy in front speaks TLS. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | null
}

export interface DirectArguments {
  readonly url: string | undefined
  /** `PORT` or `HOST:PORT`. */
  readonly listen: string | undefined
  readonly certificateFile: string | undefined
  readonly keyFile: string | undefined
  readonly isBehindProxy: boolean
}

/**
 * How browsers reach this node, as the command line says; undefined where it does not.
 * @throws Error that says what is wrong with the arguments
 */
export function readDirectOptions(given: DirectArguments): DirectOptions | undefined {
  const { certificateFile, keyFile, isBehindProxy } = given
  if (given.url === undefined) {
    if (given.listen ?? certificateFile ?? keyFile ?? (isBehindProxy || undefined)) {
      throw new Error('--direct-listen, --direct-cert, --direct-key and --direct-behind-proxy need --direct-url.')
    }
    return undefined
  }
  const url = readOrigin(given.url)
  const isEncrypted = url.protocol === 'https:'
  const hasFiles = certificateFile !== undefined && keyFile !== undefined
  if (isEncrypted && hasFiles === isBehindProxy) {
    throw new Error('--direct-url needs --direct-cert and --direct-key, or --direct-behind-proxy.')
  }
  const isLocal = isBehindProxy || !isEncrypted
  return {
    url: url.origin,
    ...readListen(given.listen, { host: isLocal ? '127.0.0.1' : '0.0.0.0', port: portOf(url) }),
    tls: isEncrypted && hasFiles ? { certificateFile, keyFile } : null,
  }
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost'])

function readOrigin(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isOrigin = url !== null && url.pathname === '/' && url.search === '' && url.username === ''
  if (!isOrigin || (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.has(url.hostname)))) {
    throw new Error(`--direct-url must be an https address without a path, not "${text}".`)
  }
  return url
}

const portOf = (url: URL): number => (url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port))

function readListen(
  text: string | undefined,
  fallback: { readonly host: string; readonly port: number },
): { readonly host: string; readonly port: number } {
  if (text === undefined) return fallback
  const [, host = fallback.host, port = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  if (port === '' || Number(port) > 65_535) throw new Error(`--direct-listen must be [HOST:]PORT, not "${text}".`)
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}
