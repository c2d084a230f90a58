import type { Socket } from 'node:net'
import type { AuthContext, Connection, Session } from 'ssh2'
import type { Logger } from 'pino'
import { SignIn, type SignInOptions } from './sign-in.ts'
import type { SshIdentity } from './ssh-access.ts'
import type { SshAudit } from './ssh-audit.ts'
import { serveSession, type OpenChannel, type SessionParts } from './serve-session.ts'

/** Channels of one connection at once. */
const MAX_CHANNELS = 16
/** Answers that the network has not taken: beyond this, nothing more is read. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024
/** Time that the last words of a connection have to get through. */
const LAST_WORDS_MS = 1_000
/** What a client may send although nobody has asked for more; a client that keeps to the windows never gets there. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024

export interface SshConnectionOptions extends Omit<SignInOptions, 'signal' | 'giveUp'> {
  readonly client: Connection
  readonly socket: Socket
  /** How the client names itself. */
  readonly clientName: string
  readonly log: Logger
  /** Somebody has signed in. @returns what their channels work with, or why they cannot */
  readonly onSignedIn: (connection: SshConnection, identity: SshIdentity) => SessionParts | null
  readonly onClosed: (connection: SshConnection) => void
}

/** One client that is connected: signs in, opens channels, and ends as one. */
export class SshConnection {
  readonly #options: SshConnectionOptions
  readonly #signIn: SignIn
  readonly #closing = new AbortController()
  readonly #channels = new Set<OpenChannel>()
  #parts: SessionParts | null = null
  #waiting = 0

  constructor(options: SshConnectionOptions) {
    this.#options = options
    const { client, socket, log } = options
    this.#signIn = new SignIn({
      ...options,
      signal: this.#closing.signal,
      giveUp: (reason) => {
        log.debug({ address: options.address, reason }, 'a connection over SSH was given up')
        client.end()
      },
    })
    client.on('authentication', (context: AuthContext) => void this.#signIn.take(context))
    client.on('ready', () => this.#onReady())
    client.on('session', (accept, reject) => this.#onSession(accept, reject))
    client.on('error', (error: Error) =>
      log.debug({ address: options.address, err: error }, 'a fault of a connection over SSH'),
    )
    client.on('close', () => this.#onClose())
    socket.on('close', () => this.#onClose())
    socket.on('data', () => this.#watchBuffers())
  }

  get identity(): SshIdentity | null {
    return this.#signIn.identity
  }

  get address(): string {
    return this.#options.address
  }

  get clientName(): string {
    return this.#options.clientName
  }

  get audit(): SshAudit | null {
    return this.#parts?.audit ?? null
  }

  /** Ends at once; what was under way is broken off. */
  close(words?: string): void {
    for (const channel of this.#channels) channel.close(words)
    this.#closing.abort()
    const { client, socket } = this.#options
    client.end()
    socket.destroySoon()
    // Who takes nothing any more does not keep it open by that.
    setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref()
  }

  #onReady(): void {
    const identity = this.#signIn.identity
    this.#parts = identity && this.#options.onSignedIn(this, identity)
    if (!this.#parts) this.close()
  }

  #onSession(accept: () => Session, reject: () => void): void {
    const parts = this.#parts
    if (!parts || this.#channels.size + this.#waiting >= MAX_CHANNELS) return reject()
    this.#waiting += 1
    const { socket, log, address } = this.#options
    let counted: OpenChannel | null = null
    const session = accept()
    const release = () => {
      if (counted) this.#channels.delete(counted)
      else this.#waiting -= 1
      counted = null
    }
    serveSession(session, {
      ...parts,
      signal: this.#closing.signal,
      congestion: () => this.#congestion(socket),
      onFault: (error) =>
        log.error({ address, server: this.identity?.server, err: error }, 'a fault of a session over SSH'),
      onOpened: (channel) => {
        this.#waiting -= 1
        this.#channels.add((counted = channel))
      },
    })
    session.once('close', release)
  }

  /** A client that asks and does not read, or sends what nobody asked for, holds up itself only. */
  #watchBuffers(): void {
    const { socket } = this.#options
    let unread = 0
    for (const { stream } of this.#channels) unread += stream.readableLength
    if (unread > MAX_UNREAD_BYTES) return void socket.destroy()
    if (socket.writableLength <= MAX_UNSENT_BYTES || socket.isPaused()) return
    socket.pause()
    socket.once('drain', () => socket.resume())
  }

  #congestion(socket: Socket): Promise<void> | null {
    if (socket.writableLength <= MAX_UNSENT_BYTES) return null
    return new Promise((resolve) => {
      const done = () => {
        socket.off('drain', done)
        socket.off('close', done)
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })
  }

  #isClosed = false
  #onClose(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#closing.abort()
    for (const channel of this.#channels) channel.close()
    this.#options.onClosed(this)
  }
}
