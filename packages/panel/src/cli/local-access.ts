import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import { createClient, type Client } from '@hatchery/core/sdk'
import type { HostAuthentication } from '../access/identity.ts'
import { isLoopbackAddress } from '../http/client-address.ts'

const HEADER = 'x-hatchery-local-access'
const FILE = 'local-access.json'

/**
 * How the command line works on a running panel: through its API, as the first administrator, with a secret that only
 * a reader of the data directory (mode 0600) has. One process owns the database, so no command opens it beside the panel.
 */
export interface LocalAccess {
  readonly authenticate: HostAuthentication
  client(url: string): Client
  /** Leaves address and secret for commands of this user on this machine; a new secret with each start. */
  announce(dataDirectory: string, url: string): void
  withdraw(dataDirectory: string): void
}

export function createLocalAccess(administrator: () => string | null): LocalAccess {
  const secret = randomBytes(32)
  const text = secret.toString('base64url')
  return {
    authenticate(request: IncomingMessage) {
      const sent = request.headers[HEADER]
      const userUuid = administrator()
      if (typeof sent !== 'string' || userUuid === null || !isLoopbackAddress(request.socket.remoteAddress)) return null
      const bytes = Buffer.from(sent, 'base64url')
      return bytes.length === secret.length && timingSafeEqual(bytes, secret) ? { userUuid } : null
    },
    client: (url) => createClient({ url, headers: { [HEADER]: text } }),
    announce(dataDirectory, url) {
      writeFileSync(path.join(dataDirectory, FILE), JSON.stringify({ url, secret: text }), { mode: 0o600 })
    },
    withdraw(dataDirectory) {
      rmSync(path.join(dataDirectory, FILE), { force: true })
    },
  }
}

/** A client of the panel that runs on this data directory; null when none does. */
export function connectLocally(dataDirectory: string): Client | null {
  try {
    const { url, secret } = JSON.parse(readFileSync(path.join(dataDirectory, FILE), 'utf8')) as {
      url: string
      secret: string
    }
    return createClient({ url, headers: { [HEADER]: secret } })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
