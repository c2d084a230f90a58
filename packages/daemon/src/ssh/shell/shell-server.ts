import type { PowerAction, ServerStats } from '@hatchery/core/api'
import type { ConsoleLine } from '../../console/line-record.ts'

/** One server, as a shell reaches it. Who may do what is the shell's to check. */
export interface ShellServer {
  readonly name: string
  /** What its process is doing, such as `running`. */
  readonly state: string
  stats(): Promise<ServerStats | null>
  /** Stores the wish; settles before it has come true. @throws AppError when it is refused */
  power(action: PowerAction): void
  /** Writes a line to the server's standard input. @throws AppError `SERVER_NOT_RUNNING` */
  command(line: string, signal: AbortSignal): Promise<void>
  /** The newest lines of the console. */
  newest(count: number): Promise<readonly ConsoleLine[]>
  /** Lines from the newest `count` on, in pieces, until the signal fires. Whoever takes them slowly misses some, with a gap. */
  follow(count: number, signal: AbortSignal): AsyncIterable<readonly ConsoleLine[]>
}
