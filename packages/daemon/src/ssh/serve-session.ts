import type { Duplex } from 'node:stream'
import type { ServerChannel, Session } from 'ssh2'
import type { SftpFiles } from '../sftp/sftp-files.ts'
import { SftpSession } from '../sftp/sftp-session.ts'
import type { SshIdentity } from './ssh-access.ts'
import type { SshAudit, SshVia } from './ssh-audit.ts'

/** What everything that somebody does in one connection works with. */
export interface SessionParts {
  readonly identity: SshIdentity
  readonly files: SftpFiles
  readonly audit: SshAudit
  readonly now: () => number
  /** A file that was written to is closed. */
  readonly onSaved: (path: string, via: SshVia) => void
}

export interface ServeSessionOptions extends SessionParts {
  /** Fires when the connection ends. */
  readonly signal: AbortSignal
  readonly congestion: () => Promise<void> | null
  readonly onFault: (error: unknown) => void
  readonly onOpened: (channel: OpenChannel) => void
}

/** A channel with something running in it. */
export interface OpenChannel {
  readonly stream: Duplex
  /** Ends it; a person sees the words, a program does not. */
  close(words?: string): void
}

/** Name that files are shown to belong to. */
export const OWNER_NAME = 'server'

/** Answers what a client wants of a session. Environment, agents, X11 and everything else is refused by not being answered. */
export function serveSession(session: Session, options: ServeSessionOptions): void {
  session.on(
    'subsystem' as 'sftp',
    ((accept: () => ServerChannel, reject: () => void, info: { name: string }) => {
      if (info.name !== 'sftp') return reject?.()
      serveSftp(accept(), options)
    }) as never,
  )
}

function serveSftp(channel: ServerChannel, options: ServeSessionOptions): void {
  const { identity, audit } = options
  const sftp = new SftpSession(channel, {
    files: options.files,
    permissions: new Set(identity.permissions),
    ownerName: OWNER_NAME,
    now: options.now,
    congestion: options.congestion,
    onDone: (verb, path) => audit.done('sftp', verb, path),
    onSaved: (path) => options.onSaved(path, 'sftp'),
    onFault: options.onFault,
  })
  options.onOpened({ stream: channel, close: () => sftp.close() })
  void sftp.ended.then(() => endChannel(channel, 0))
}

export function endChannel(channel: ServerChannel, code: number): void {
  if (channel.writable) channel.exit(code)
  channel.end()
}
