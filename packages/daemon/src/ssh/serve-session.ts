import type { Duplex } from 'node:stream'
import type { ServerChannel, Session } from 'ssh2'
import type { SftpFiles } from '../sftp/sftp-files.ts'
import { rememberOpen } from '../sftp/sftp-files.ts'
import { SftpSession } from '../sftp/sftp-session.ts'
import { pause } from '../servers/pause.ts'
import { parseScp } from './scp/parse-scp.ts'
import { serveScp } from './scp/serve-scp.ts'
import { runCommand, runShell, type ShellOptions, type TerminalSize } from './shell/run-shell.ts'
import type { ShellServer } from './shell/shell-server.ts'
import type { SshIdentity } from './ssh-access.ts'
import type { SshAudit, SshVia } from './ssh-audit.ts'

/** What everything that somebody does in one connection works with. */
export interface SessionParts {
  readonly identity: SshIdentity
  readonly files: SftpFiles
  /** @throws AppError `SERVER_NOT_FOUND` */
  readonly server: () => ShellServer
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
/** What shells answer when a program is not there. */
const NOT_FOUND = 127
const MAX_COLUMNS = 1_000

/**
 * Answers what a client wants of a session: the subsystem `sftp`, a shell, or a command. Environment, agents, X11 and
 * everything else is refused by not being answered.
 */
export function serveSession(session: Session, options: ServeSessionOptions): void {
  let size: TerminalSize | null = null
  session.on('pty', (accept, _reject, { cols, rows }) => {
    size = { columns: bounded(cols, 80), rows: bounded(rows, 24) }
    accept?.()
  })
  session.on('window-change', (accept, _reject, { cols, rows }) => {
    if (size) {
      Object.assign(size, { columns: bounded(cols, 80), rows: bounded(rows, 24) })
      size.onChange?.()
    }
    accept?.()
  })
  session.on('shell', (accept) => serveShell(accept(), options, size))
  session.on('exec', (accept, _reject, { command }) => serveExec(accept(), options, command, size))
  // Without a listener for `sftp`, the library hands the bare channel over: the protocol on it is ours.
  const onSubsystem = (accept: () => ServerChannel, reject: (() => void) | undefined, { name }: { name: string }) => {
    if (name === 'sftp') serveSftp(accept(), options)
    else reject?.()
  }
  session.on('subsystem' as 'close', onSubsystem as never)
}

function bounded(given: number, fallback: number): number {
  return given > 0 ? Math.min(given, MAX_COLUMNS) : fallback
}

function serveSftp(channel: ServerChannel, options: ServeSessionOptions): void {
  const sftp = new SftpSession(channel, { ...filesOptions(options, 'sftp'), now: options.now, ownerName: OWNER_NAME })
  options.onOpened({ stream: channel, close: () => sftp.close() })
  void sftp.ended.then(() => endChannel(channel, 0))
}

function serveExec(
  channel: ServerChannel,
  options: ServeSessionOptions,
  command: string,
  size: TerminalSize | null,
): void {
  const [program = ''] = command.trim().split(/\s+/)
  const name = program.split('/').at(-1) ?? ''
  if (name === 'sftp-server') return serveSftp(channel, options)
  const scp = parseScp(command)
  if (scp) {
    const run = (signal: AbortSignal) =>
      serveScp(scp, channel, { ...filesOptions(options, 'scp'), files: rememberOpen(options.files), signal })
    return runInChannel(channel, options, run)
  }
  if (name === 'rsync') {
    const words = 'rsync is not available here: use sftp, scp, sshfs, lftp or rclone.\n'
    channel.stderr.write(words)
    options.onOpened({ stream: channel, close: () => endChannel(channel, NOT_FOUND) })
    return endChannel(channel, NOT_FOUND)
  }
  // Nothing is read from it, and its end has to be seen.
  channel.resume()
  runInChannel(channel, options, (signal) => runCommand(shellOptions(channel, options, size, signal), command))
}

function serveShell(channel: ServerChannel, options: ServeSessionOptions, size: TerminalSize | null): void {
  runInChannel(channel, options, (signal) => runShell(shellOptions(channel, options, size, signal)))
}

/** Runs something to its end, or to the end of the channel. */
function runInChannel(
  channel: ServerChannel,
  options: ServeSessionOptions,
  run: (signal: AbortSignal) => Promise<number>,
): void {
  const stop = new AbortController()
  const close = (words?: string) => {
    if (words !== undefined && channel.writable) channel.stderr.write(`\r\n${words}\r\n`)
    stop.abort()
  }
  options.onOpened({ stream: channel, close })
  channel.on('close', () => stop.abort())
  channel.on('error', () => stop.abort())
  void run(AbortSignal.any([stop.signal, options.signal]))
    .catch((error: unknown) => {
      options.onFault(error)
      return 1
    })
    .then((code) => endChannel(channel, code))
}

function filesOptions(
  { identity, audit, files, congestion, onFault, onSaved }: ServeSessionOptions,
  via: 'sftp' | 'scp',
) {
  return {
    files,
    permissions: new Set(identity.permissions),
    congestion,
    onFault,
    onDone: (verb: Parameters<SshAudit['done']>[1], path: string) => audit.done(via, verb, path),
    onSaved: (path: string) => onSaved(path, via),
  }
}

function shellOptions(
  channel: ServerChannel,
  { identity, audit, files, server, now, onFault }: ServeSessionOptions,
  size: TerminalSize | null,
  signal: AbortSignal,
): ShellOptions {
  return {
    server: server(),
    files,
    permissions: new Set(identity.permissions),
    ownerName: OWNER_NAME,
    now,
    pause,
    onDone: (verb, path) => audit.done('shell', verb, path),
    input: channel,
    output: channel,
    size,
    signal,
    onFault,
  }
}

function endChannel(channel: ServerChannel, code: number): void {
  if (channel.writable) channel.exit(code)
  channel.end()
}
