import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Connection, Server as Ssh2Server } from 'ssh2'
import type { Logger } from 'pino'
import type { SftpFiles } from '../sftp/sftp-files.ts'
import type { AccessFloors } from '../state/access-floors.ts'
import { AuthThrottle, addressKey } from './auth-throttle.ts'
import type { HostKey } from './host-key.ts'
import { hasNativeCrypto, loadSsh2 } from './load-ssh2.ts'
import { refuseSocket } from './refuse-socket.ts'
import type { SessionParts } from './serve-session.ts'
import type { ShellServer } from './shell/shell-server.ts'
import type { SshAccess, SshIdentity } from './ssh-access.ts'
import { SshAudit, type AuditEvent, type SshVia } from './ssh-audit.ts'
import { SshConnection } from './ssh-connection.ts'
import { SSH_DEFAULTS, type SshOptions } from './ssh-options.ts'

const IDENT = 'Hatchery'
/** Fast ones first, as far as nothing speaks against them; what is outdated is not offered. */
const ALGORITHMS = {
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group14-sha256',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
} as const

export interface SshServerOptions {
  readonly ssh: SshOptions
  readonly hostKey: HostKey
  readonly access: SshAccess
  readonly floors: AccessFloors
  readonly log: Logger
  readonly now: () => number
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** The files of a server. */
  readonly filesOf: (server: string) => SftpFiles
  /** The server itself, for its shell. @throws AppError `SERVER_NOT_FOUND` */
  readonly serverOf: (identity: SshIdentity) => ShellServer
  readonly tell: (event: AuditEvent) => void
  /** A file that was written to is closed. */
  readonly onSaved?: (identity: SshIdentity, path: string, via: SshVia) => void
}

/** Takes people in over SSH whom the panel knows, to the files and the console of one server each. */
export class SshServer implements AsyncDisposable {
  readonly #options: SshServerOptions
  readonly #throttle: AuthThrottle
  readonly #stopListening: () => void
  /** Sockets that have not signed in, by their other end. */
  readonly #waiting = new Map<string, Socket>()
  readonly #connections = new Set<SshConnection>()
  readonly #opened = new Set<Socket>()
  #server: Server | undefined
  #ssh: Ssh2Server | undefined
  #alone: NodeJS.Timeout | undefined

  constructor(options: SshServerOptions) {
    this.#options = options
    this.#throttle = new AuthThrottle(options.now)
    this.#stopListening = options.floors.onRaise((user, server, minRevision) => this.#revoke(user, server, minRevision))
  }

  /** @throws Error when the port is taken */
  async start(): Promise<void> {
    const { ssh, hostKey, log } = this.#options
    const { Server: Ssh2 } = await loadSsh2()
    if (!hasNativeCrypto()) {
      log.warn(
        'ssh2 runs without its native addon, and SFTP slowly; "npm rebuild ssh2" builds it under the Node in use',
      )
    }
    this.#ssh = new Ssh2({
      hostKeys: [hostKey.privateKey],
      ident: IDENT,
      algorithms: {
        cipher: [...ALGORITHMS.cipher],
        kex: [...ALGORITHMS.kex],
        hmac: [...ALGORITHMS.hmac],
        compress: ['none'],
      },
    } as ConstructorParameters<typeof Ssh2>[0])
    this.#ssh.on('connection', (client, { ip, port, header }) => this.#onClient(client, `${ip}|${port}`, header))
    const server = createServer({ noDelay: true }, (socket) => this.#onSocket(socket))
    server.listen(ssh.port, ssh.host)
    await once(server, 'listening')
    server.on('error', (error) => log.error({ err: error }, 'a fault of the SSH port'))
    this.#server = server
    log.info({ port: this.port, fingerprint: hostKey.fingerprint }, 'SFTP and SSH are served')
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | null)?.port ?? this.#options.ssh.port
  }

  /** Connections that have signed in. */
  get connections(): ReadonlySet<SshConnection> {
    return this.#connections
  }

  /** What is open goes on for a while without the panel, and then ends (RULES 16). */
  onContact(isReachable: boolean): void {
    clearTimeout(this.#alone)
    if (isReachable) return
    this.#alone = setTimeout(() => {
      for (const connection of this.#connections) connection.close('The panel cannot be reached any more.')
    }, this.#options.ssh.aloneMs ?? SSH_DEFAULTS.aloneMs).unref()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening()
    clearTimeout(this.#alone)
    const server = this.#server
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    for (const connection of this.#connections) connection.close('The node stops.')
    for (const socket of this.#opened) socket.destroy()
    await closed
  }

  #onSocket(socket: Socket): void {
    const { ssh, access } = this.#options
    const { perAddress, inAll } = ssh.maxWaiting ?? SSH_DEFAULTS.maxWaiting
    const { inAll: maxOpened } = ssh.maxConnections ?? SSH_DEFAULTS.maxConnections
    this.#opened.add(socket)
    socket.once('close', () => this.#opened.delete(socket))
    const refuse = (text: string) => refuseSocket(socket, IDENT, text)
    const address = addressKey(socket.remoteAddress ?? '')
    if (!access.isReachable) return refuse('The panel cannot be reached at the moment. Try again in a minute.')
    if (this.#opened.size > maxOpened) return refuse('Too many connections. Try again later.')
    const others = [...this.#waiting.values()].filter((other) => addressKey(other.remoteAddress ?? '') === address)
    if (others.length >= perAddress || this.#waiting.size >= inAll) {
      return refuse('Too many connections that have not signed in. Try again in a minute.')
    }
    this.#await(socket)
    this.#ssh!.injectSocket(socket)
  }

  /** Gives a socket its time to sign in. */
  #await(socket: Socket): void {
    const key = `${socket.remoteAddress}|${socket.remotePort}`
    const timer = setTimeout(() => socket.destroy(), this.#options.ssh.signInMs ?? SSH_DEFAULTS.signInMs).unref()
    this.#waiting.set(key, socket)
    const done = () => {
      clearTimeout(timer)
      if (this.#waiting.get(key) === socket) this.#waiting.delete(key)
    }
    socket.once('close', done)
    socket.once('signed-in', done)
  }

  #onClient(client: Connection, key: string, header: { readonly identRaw: string }): void {
    const socket = this.#waiting.get(key)
    if (!socket) return void client.end()
    new SshConnection({
      ...this.#options,
      client,
      socket,
      clientName: header.identRaw.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 255),
      throttle: this.#throttle,
      address: (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/i, ''),
      onSignedIn: (connection, identity) => {
        socket.emit('signed-in')
        return this.#onSignedIn(connection, identity)
      },
      onClosed: (connection) => this.#onClosed(connection),
    })
  }

  #onSignedIn(connection: SshConnection, identity: SshIdentity): SessionParts | null {
    const { floors, ssh, log, now, tell, filesOf, onSaved, access } = this.#options
    const { perUser } = ssh.maxConnections ?? SSH_DEFAULTS.maxConnections
    // Both may have changed since the panel has answered.
    if (!access.isReachable || identity.accessRevision < floors.minimumOf(identity.user, identity.server)) return null
    const own = [...this.#connections].filter((other) => other.identity?.user === identity.user)
    if (own.length >= perUser) return null
    this.#connections.add(connection)
    this.#say('ssh.opened', connection, identity)
    const { user, server } = identity
    log.info({ user, server, address: connection.address, credential: identity.credentialId }, 'signed in over SSH')
    return {
      identity,
      files: filesOf(server),
      server: () => this.#options.serverOf(identity),
      audit: new SshAudit({ identity, address: connection.address, now, tell }),
      now,
      onSaved: (path, via) => onSaved?.(identity, path, via),
    }
  }

  #onClosed(connection: SshConnection): void {
    if (!this.#connections.delete(connection)) return
    connection.audit?.flush()
    if (connection.identity) this.#say('ssh.closed', connection, connection.identity)
  }

  #say(name: 'ssh.opened' | 'ssh.closed', connection: SshConnection, identity: SshIdentity): void {
    const { server, user, credentialId } = identity
    const { address, clientName: client } = connection
    this.#options.tell({ name, data: { server, user, credentialId, address, client, at: this.#options.now() } })
  }

  #revoke(user: string, server: string | null, minRevision: number): void {
    for (const connection of this.#connections) {
      const { identity } = connection
      if (!identity || identity.user !== user || (server !== null && identity.server !== server)) continue
      if (identity.accessRevision < minRevision) connection.close('Your access has changed. Connect again.')
    }
  }
}
