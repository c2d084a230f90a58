import type { IncomingMessage } from 'node:http'

export const SESSION_COOKIE = 'hatchery'
/** The name binds the cookie to this host over TLS, so that no neighbouring domain can plant one. */
export const SECURE_SESSION_COOKIE = '__Host-hatchery'
/** Marks a browser that has signed in before; it is what lets an owner in while somebody guesses at the account. */
export const DEVICE_COOKIE = 'hatchery-device'

export function readCookie(request: IncomingMessage, name: string): string | undefined {
  const header = request.headers.cookie
  if (header === undefined || !header.includes(name)) return undefined
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim()
  }
  return undefined
}

export function sessionCookieOf(request: IncomingMessage, isSecure: boolean): string | undefined {
  return readCookie(request, isSecure ? SECURE_SESSION_COOKIE : SESSION_COOKIE)
}

export interface CookieOptions {
  readonly isSecure: boolean
  readonly maxAgeSeconds: number
}

export function sessionCookie(token: string, options: CookieOptions): string {
  return cookie(options.isSecure ? SECURE_SESSION_COOKIE : SESSION_COOKIE, token, options)
}

export function cookie(name: string, value: string, { isSecure, maxAgeSeconds }: CookieOptions): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
}
