import type { IncomingMessage } from 'node:http'
import { isIP, type Server } from 'node:net'
import { AppError } from '@hatchery/core/errors'
import type { PanelConfig } from '../context.ts'
import { isLoopbackAddress, type ClientAddresses } from './client-address.ts'

/** Where callers are let in under any name: they prove themselves with a secret that no page in a browser has. */
const FOR_PROGRAMS = /^\/api\/(?:v1\/agent\/|agent\/|remote\/)/
/** Verdicts kept; a caller that makes up names makes the panel forget, not grow. */
const MAX_VERDICTS = 1000

export interface HostNamesParts {
  readonly config: PanelConfig
  readonly addresses: ClientAddresses
  /** Name of this machine. */
  readonly machine: string
  /** Called once, with the first name that was answered because nothing says which names are ours. */
  readonly onUnknownName: (name: string) => void
}

/**
 * Which names the panel answers to. A page of somebody else can let its own name lead to this panel (DNS rebinding), and
 * its requests then look like ours to a browser; only the `Host` header still tells. Addresses and `localhost` cannot be
 * taken over like this and are always answered.
 *
 * Names are checked when the panel listens on a loopback address, or when its names are known (`publicUrl`,
 * `allowedOrigins`, `allowedHosts`). A panel on other addresses that was told no name answers to all: its first visitor
 * may come by any name that leads there, cookies are bound to the name they were set under, and whoever can rebind a name
 * to a public address can call that address directly as well.
 */
export class HostNames {
  readonly #parts: HostNamesParts
  readonly #names: ReadonlySet<string>
  readonly #suffixes: readonly string[]
  readonly #isOpen: boolean
  readonly #isConfigured: boolean
  readonly #verdicts = new Map<string, boolean>()
  #isReported = false

  constructor(parts: HostNamesParts) {
    this.#parts = parts
    const { publicUrl, allowedOrigins, allowedHosts } = parts.config
    const listed = allowedHosts.map((name) => name.toLowerCase())
    const urls = publicUrl === null ? allowedOrigins : [publicUrl, ...allowedOrigins]
    const machine = parts.machine.toLowerCase()
    // `null` is an origin, too, and has no name.
    const names = urls.flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : []))
    this.#names = new Set([...listed, ...names, machine, `${machine}.local`])
    this.#suffixes = listed.filter((name) => name.startsWith('*.')).map((name) => name.slice(1))
    this.#isOpen = listed.includes('*')
    this.#isConfigured = urls.length > 0 || listed.length > 0
  }

  /**
   * @param path without the prefix that the panel is mounted under
   * @throws AppError `HOST_NOT_ALLOWED`
   */
  check(request: IncomingMessage, path: string, server: Server): void {
    if (this.#isOpen || request.headers.authorization !== undefined) return
    const { host } = request.headers
    // Browsers always say it; what does not is a program.
    if (host === undefined) return
    this.#checkName(host, path, server)
    // A page can send this header, too: it is looked at beside `Host`, never instead of it.
    const forwarded = this.#parts.addresses.forwardedHostOf(request)
    if (forwarded !== undefined) this.#checkName(forwarded, path, server)
  }

  #checkName(host: string, path: string, server: Server): void {
    let isOurs = this.#verdicts.get(host)
    if (isOurs === undefined) {
      if (this.#verdicts.size >= MAX_VERDICTS) this.#verdicts.clear()
      this.#verdicts.set(host, (isOurs = this.#isOurs(nameOf(host))))
    }
    if (isOurs || FOR_PROGRAMS.test(path)) return
    if (this.#isConfigured || listensOnLoopback(server)) throw new AppError('HOST_NOT_ALLOWED', { host: nameOf(host) })
    if (this.#isReported) return
    this.#isReported = true
    this.#parts.onUnknownName(nameOf(host))
  }

  #isOurs(name: string): boolean {
    if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return true
    if (name === 'localhost' || name.endsWith('.localhost')) return true
    return this.#names.has(name) || this.#suffixes.some((suffix) => name.endsWith(suffix))
  }
}

function listensOnLoopback(server: Server): boolean {
  const address = server.address()
  return typeof address === 'object' && address !== null && isLoopbackAddress(address.address)
}

/** Without port and the dot of the root, in small letters. */
function nameOf(host: string): string {
  return host.trim().toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}
