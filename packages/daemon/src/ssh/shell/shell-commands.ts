import { powerServer, SFTP_VERBS, type PowerAction } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { permissionOf } from '@hatchery/core/permissions'
import type { ConsoleLine } from '../../console/line-record.ts'
import { longNameOf } from '../../sftp/attributes.ts'
import { treePath } from '../../sftp/sftp-context.ts'
import type { SftpFiles } from '../../sftp/sftp-files.ts'
import { printable } from './printable.ts'
import type { ShellServer } from './shell-server.ts'

export interface ShellContext {
  readonly server: ShellServer
  readonly files: SftpFiles
  readonly permissions: ReadonlySet<string>
  readonly ownerName: string
  readonly now: () => number
  /** Settles when there is room for more. */
  readonly write: (text: string) => Promise<void>
  /** The same for bytes as they are. */
  readonly writeBytes: (bytes: Uint8Array) => Promise<void>
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** A path was read or listed; for the record. */
  readonly onDone: (verb: 'list' | 'read', path: string) => void
  /** Lines that are typed while a command runs go there; null gives them back to the shell. */
  readonly redirect: (take: ((line: string) => void) | null) => void
}

export interface ShellCommand {
  readonly usage: string
  readonly summary: string
  /** Fires the signal: Ctrl-C, or the end of the session. */
  run(ctx: ShellContext, argument: string, signal: AbortSignal): Promise<void>
}

const CONSOLE = 'control.console'
const STATS_MS = 1_000
const DEFAULT_LOG_LINES = 50
const MAX_LOG_LINES = 10_000
const CAT_BYTES = 128 * 1024
const LIST_NAMES = 1_000
const MIB = 1024 * 1024

/** Everything that can be typed; there is no other shell behind it, and none of the machine. */
export const SHELL_COMMANDS: Readonly<Record<string, ShellCommand>> = {
  console: {
    usage: 'console',
    summary: 'Show the console as it goes on; what is typed is sent to the server. Ctrl-C leaves',
    async run(ctx, _argument, signal) {
      require(ctx, CONSOLE)
      ctx.redirect((line) => {
        ctx.server.command(line, signal).catch((error: unknown) => void ctx.write(`${sayError(error)}\n`))
      })
      try {
        for await (const lines of ctx.server.follow(DEFAULT_LOG_LINES, signal)) await ctx.write(showLines(lines))
      } finally {
        ctx.redirect(null)
      }
    },
  },
  start: power('start', 'Start the server'),
  stop: power('stop', 'Stop the server'),
  restart: power('restart', 'Stop the server and start it again'),
  kill: power('kill', 'End the server at once; what it has not saved is lost'),
  status: {
    usage: 'status',
    summary: 'Say what the server is doing',
    async run(ctx) {
      await ctx.write(`${printable(ctx.server.name)} is ${ctx.server.state}.\n${showStats(await ctx.server.stats())}`)
    },
  },
  stats: {
    usage: 'stats',
    summary: 'Show processor, memory and network every second. Ctrl-C leaves',
    async run({ server, write, pause }, _argument, signal) {
      while (!signal.aborted) {
        const stats = await server.stats()
        if (!stats) return write(`The server is ${server.state}; there is nothing to measure.\n`)
        await write(showStats(stats))
        await pause(STATS_MS, signal)
      }
    },
  },
  send: {
    usage: 'send COMMAND',
    summary: 'Send one line to the server',
    async run(ctx, argument, signal) {
      require(ctx, CONSOLE)
      if (argument === '') throw new AppError('VALIDATION_FAILED', { fields: 'COMMAND' })
      await ctx.server.command(argument, signal)
    },
  },
  logs: {
    usage: 'logs [LINES]',
    summary: `Show the last lines of the console (${DEFAULT_LOG_LINES})`,
    async run(ctx, argument) {
      require(ctx, CONSOLE)
      const count = argument === '' ? DEFAULT_LOG_LINES : Number(argument)
      if (!Number.isInteger(count) || count < 1 || count > MAX_LOG_LINES) {
        throw new AppError('VALIDATION_FAILED', { fields: 'LINES' })
      }
      await ctx.write(showLines(await ctx.server.newest(count)))
    },
  },
  ls: {
    usage: 'ls [PATH]',
    summary: 'List a directory',
    async run(ctx, argument) {
      require(ctx, SFTP_VERBS.list)
      const { tree } = await ctx.files.toRead()
      const path = treePath(argument)
      const { entries, total } = await tree.list(path, { limit: LIST_NAMES })
      ctx.onDone('list', path)
      const lines = entries.map((entry) => printable(longNameOf(entry, ctx.ownerName, ctx.now()).toWellFormed()))
      if (total > entries.length) lines.push(`… and ${total - entries.length} more`)
      await ctx.write(lines.map((line) => `${line}\n`).join(''))
    },
  },
  cat: {
    usage: 'cat FILE',
    summary: 'Show a file',
    async run(ctx, argument, signal) {
      require(ctx, SFTP_VERBS.read)
      const { tree } = await ctx.files.toRead()
      const path = treePath(argument)
      await using file = await tree.open(path)
      ctx.onDone('read', path)
      for (let offset = 0; !signal.aborted;) {
        const bytes = await file.read(offset, CAT_BYTES)
        if (bytes.length === 0) return
        offset += bytes.length
        await ctx.writeBytes(bytes)
      }
    },
  },
  help: {
    usage: 'help',
    summary: 'Show this text',
    async run({ write }) {
      const width = Math.max(...Object.values(SHELL_COMMANDS).map(({ usage }) => usage.length))
      const lines = Object.values(SHELL_COMMANDS).map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}.\n`)
      await write(`${lines.join('')}  ${'exit'.padEnd(width)}  End the session.\n`)
    },
  },
}

function power(action: PowerAction, summary: string): ShellCommand {
  return {
    usage: action,
    summary,
    async run(ctx) {
      const needed = permissionOf(powerServer.permission, { body: { action } })
      if (typeof needed !== 'object' || !('server' in needed))
        throw new AppError('PERMISSION_DENIED', { permission: '-' })
      require(ctx, needed.server)
      ctx.server.power(action)
      await ctx.write(`The server is ${ctx.server.state}.\n`)
    },
  }
}

/** @throws AppError `PERMISSION_DENIED` */
function require({ permissions }: ShellContext, permission: string): void {
  if (!permissions.has(permission)) throw new AppError('PERMISSION_DENIED', { permission })
}

export function sayError(error: unknown): string {
  return error instanceof AppError ? printable(error.message) : 'This failed on the node.'
}

function showLines(lines: readonly ConsoleLine[]): string {
  return lines.map(({ kind, text }) => `${kind === 'input' ? '> ' : ''}${printable(text)}\n`).join('')
}

function showStats(stats: Awaited<ReturnType<ShellServer['stats']>>): string {
  if (!stats) return ''
  const { cpuPercent, memoryBytes, memoryLimitBytes, diskBytes, networkRxBytes, networkTxBytes } = stats
  const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`
  const limit = memoryLimitBytes > 0 ? ` of ${mib(memoryLimitBytes)}` : ''
  return (
    `Processor ${cpuPercent.toFixed(1)} %, memory ${mib(memoryBytes)}${limit}, disk ${mib(diskBytes)}, ` +
    `received ${mib(networkRxBytes)}, sent ${mib(networkTxBytes)}\n`
  )
}
