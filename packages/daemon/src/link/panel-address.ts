import { isIP } from 'node:net'

/** Where the panel is, and how the agent may speak to it. */
export interface PanelAddress {
  /** URL of a path of the API, such as `/api/v1/agent/enrol`. */
  http(path: string): URL
  /** URL of the link for a node. */
  webSocket(path: string, node: string): URL
  readonly text: string
}

/**
 * Reads the panel's base URL.
 * @throws Error if it is none, or if it leaves this machine without TLS (RULES 15)
 */
export function parsePanelAddress(text: string): PanelAddress {
  const base = URL.canParse(text) ? new URL(text) : null
  if (!base || (base.protocol !== 'http:' && base.protocol !== 'https:')) {
    throw new Error(`"${text}" is not the address of a panel. Give it as https://panel.example.com.`)
  }
  if (base.username !== '' || base.password !== '') throw new Error('The panel address must not contain a password.')
  if (base.protocol === 'http:' && !isLoopback(base.hostname)) {
    throw new Error(
      `The panel at ${base.host} would be reached without TLS, and the node's secrets with it. Use https://, or http:// on this machine only.`,
    )
  }
  const prefix = base.pathname.replace(/\/+$/, '')
  const at = (path: string) => {
    const url = new URL(base)
    url.pathname = `${prefix}${path}`
    url.search = ''
    url.hash = ''
    return url
  }
  return {
    http: at,
    webSocket(path, node) {
      const url = at(path)
      url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:'
      url.searchParams.set('node', node)
      return url
    },
    text: at('').href.replace(/\/$/, ''),
  }
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
