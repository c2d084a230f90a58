/** The part of a WebSocket that the live client uses: browsers, Node, Deno, Bun and the package `ws` all have it. */
export interface SocketLike {
  send(data: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void
}

/** Opens a socket. `headers` carry the API key, where the platform lets a client set them (browsers do not). */
export type SocketOpener = (url: string, headers: Readonly<Record<string, string>>) => SocketLike

/** Any WebSocket class. */
export type SocketClass = new (url: string, options?: never) => SocketLike
/** What Node, Bun and `ws` understand as the second argument, so that a key need not stand in the address. */
type HeaderSocketClass = new (url: string, options?: { headers: Record<string, string> }) => SocketLike

/** Opens sockets of this class, or of the platform's own. */
export function socketOpener(SocketType?: SocketClass): SocketOpener {
  return (url, headers) => {
    const Type = (SocketType ?? globalThis.WebSocket) as HeaderSocketClass
    return Object.keys(headers).length === 0 ? new Type(url) : new Type(url, { headers: { ...headers } })
  }
}

/** `https://panel.example.com` gives `wss://panel.example.com/api/v1/live`; an empty address means the page's origin. */
export function liveUrl(url: string): string {
  const page = (globalThis as { readonly location?: { readonly href: string } }).location?.href
  const address = new URL(`${url.replace(/\/+$/, '')}/api/v1/live`, page)
  address.protocol = address.protocol === 'http:' ? 'ws:' : 'wss:'
  return address.href
}
