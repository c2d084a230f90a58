import type { Static } from 'typebox'
import type { Limits, ServerStats } from '../api/schemas/servers.ts'
import type { InstallScript, SpecAllocation, StopMethod } from '../protocol/spec.ts'

export type ServerId = string

/** Checked by callers before they offer an action; never guessed from a runtime's name. */
export interface RuntimeCapabilities {
  /** Servers cannot see the machine or each other. */
  readonly isolation: boolean
  /** Memory and CPU limits are enforced. */
  readonly limits: boolean
  readonly liveResize: boolean
  readonly ioWeight: boolean
  readonly exec: boolean
  /** Images have to be pulled; otherwise the image name is informative. */
  readonly images: boolean
  /** Install scripts can run. When false, `installRefusal` says why. */
  readonly install: boolean
}

/** All that a runtime needs to run one server. Paths are host paths of the agent. */
export interface RuntimeSpec {
  readonly server: ServerId
  readonly image: string
  readonly startup: string
  readonly environment: Readonly<Record<string, string>>
  readonly limits: Static<typeof Limits>
  readonly allocations: readonly Static<typeof SpecAllocation>[]
  /** Writable directory that the server sees as `/home/container`. */
  readonly dataDirectory: string
  /** Identity the server runs under; each server has its own (RULES 19). */
  readonly uid: number
  readonly gid: number
  /** Range of the server's own network, for runtimes that make one. `null` lets the runtime choose and keep one. */
  readonly subnet: string | null
}

export interface Progress {
  readonly current: number
  readonly total: number | null
  readonly unit: 'bytes' | 'files' | 'lines' | 'steps'
  readonly detail: string
}
export type OnProgress = (progress: Progress) => void

export interface OutputChunk {
  /** Time the engine gave the line, milliseconds since 1970; unique and rising within a run together with `atNs`. */
  readonly at: number
  /** The engine's whole timestamp, nanoseconds as text: the cursor to follow from. */
  readonly atNs: string
  /** One line without its line end. */
  readonly text: string
}

export interface OutputOptions {
  /** Follow from this engine timestamp, inclusive; from the start of the run without it. */
  readonly sinceNs?: string
}

export interface RunningProcess {
  readonly isRunning: boolean
  /** Milliseconds since 1970; null when it never ran. */
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly exitCode: number | null
  readonly oomKilled: boolean
  /** Tells one start from another: an engine's start time or a pid with its start time. */
  readonly runKey: string | null
}

export interface InstallSpec extends RuntimeSpec {
  readonly script: Static<typeof InstallScript>
  /** The script is ended after this long. */
  readonly deadlineMs: number
}

export interface InstallResult {
  readonly exitCode: number
  readonly oomKilled: boolean
}

/** One reading of a running server, with the counter it was made from. */
export interface RuntimeStats extends Omit<Static<typeof ServerStats>, 'diskBytes'> {
  /** Of the run that was measured; the same as {@link RunningProcess.runKey}. */
  readonly runKey: string
  /** CPU time that the run has used so far, milliseconds; null where the runtime knows no more than the percentage. */
  readonly cpuMs: number | null
}

/**
 * Runs game servers. Every call is idempotent: creating what exists, stopping what is stopped or removing what is gone succeeds.
 * The conformance suite `describeRuntime` of core/conformance is the whole promise.
 */
export interface Runtime {
  readonly name: string
  readonly capabilities: RuntimeCapabilities
  /** Why install scripts cannot run here; null when they can. */
  readonly installRefusal: string | null

  /** Throws `RUNTIME_UNAVAILABLE` when the engine does not answer. */
  check(signal?: AbortSignal): Promise<void>
  /** Makes the image present. A local image is used when no registry answers. Throws `IMAGE_PULL_FAILED`. */
  prepareImage(image: string, onProgress: OnProgress, signal?: AbortSignal): Promise<void>
  /** Replaces the server's process container with one of this spec; not while it runs. */
  create(spec: RuntimeSpec, signal?: AbortSignal): Promise<void>
  start(server: ServerId, signal?: AbortSignal): Promise<void>
  /** Asks it to stop and returns at once; `stdin` and signals are the runtime's business. */
  stop(server: ServerId, method: StopMethod, signal?: AbortSignal): Promise<void>
  kill(server: ServerId, signal?: AbortSignal): Promise<void>
  /** Removes process and container, never the data directory. */
  remove(server: ServerId, signal?: AbortSignal): Promise<void>
  /** Writes one line, newline added, to standard input. Throws `SERVER_NOT_RUNNING`. */
  stdin(server: ServerId, line: string, signal?: AbortSignal): Promise<void>
  /** Output in engine order. Ends when the run ends or `signal` fires. Reading never blocks the server. */
  output(server: ServerId, options: OutputOptions, signal?: AbortSignal): AsyncIterable<OutputChunk>
  /** One reading; null when it does not run. Disk use is the caller's. */
  stats(server: ServerId): Promise<RuntimeStats | null>
  inspect(server: ServerId): Promise<RunningProcess | null>
  /** Resolves when the process is not running any more. */
  waitForExit(server: ServerId, signal?: AbortSignal): Promise<RunningProcess>
  /** Servers that this runtime holds for this agent, running or not. */
  list(): Promise<readonly ServerId[]>
  /** Changes limits of a running server where `liveResize` is declared. */
  resize(server: ServerId, limits: Static<typeof Limits>): Promise<void>
  /** Runs an install script with the data directory at `/mnt/server`. Throws `INSTALL_NOT_ISOLATED` where it may not. */
  install(spec: InstallSpec, onLine: (line: string) => void, signal?: AbortSignal): Promise<InstallResult>
  [Symbol.asyncDispose](): Promise<void>
}
