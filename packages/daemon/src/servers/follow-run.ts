import type { Logger } from 'pino'
import type { OutputChunk, Runtime, RunningProcess, ServerId } from '@hatchery/core/runtime'
import type { ConsoleLog } from '../console/console-log.ts'
import { pause } from './pause.ts'

export interface FollowOptions {
  readonly runtime: Runtime
  readonly server: ServerId
  readonly console: ConsoleLog
  /** Where to begin when the console has no output of this run yet; without it, at the start of the run. */
  readonly sinceNs?: string
  onLine(text: string): void
  readonly log: Logger
}

export interface RunEnd {
  /** What the runtime knows of the process; null when it knows nothing any more. */
  readonly process: RunningProcess | null
  /** The engine was away when the process ended, so the end was not the server's own doing. */
  readonly isInterrupted: boolean
}

const REFOLLOW_MS = 200
const ENGINE_RETRY_MS = 1_000
/** After the process has ended, its last output may take this long to arrive. */
const DRAIN_MS = 5_000

/**
 * Copies a run's output into the console until the process has ended, through every pause of the engine, each line once.
 * @returns null if `signal` fired first
 */
export async function followRun(options: FollowOptions, signal: AbortSignal): Promise<RunEnd | null> {
  const over = new AbortController()
  const stopReading = new AbortController()
  const copied = copyOutput(options, over.signal, AbortSignal.any([signal, stopReading.signal]))
  const end = await waitForEnd(options, signal)
  over.abort()
  if (end) await Promise.race([copied, pause(DRAIN_MS, AbortSignal.any([signal, stopReading.signal]))])
  stopReading.abort()
  await copied
  await options.console.flushed()
  return signal.aborted ? null : end
}

/** Copies what is there of a run that has ended already. */
export async function drainOutput(options: FollowOptions, signal: AbortSignal): Promise<void> {
  await copyOutput(options, AbortSignal.abort(), AbortSignal.any([signal, AbortSignal.timeout(DRAIN_MS)]))
  await options.console.flushed()
}

async function waitForEnd({ runtime, server, log }: FollowOptions, signal: AbortSignal): Promise<RunEnd | null> {
  let isAway = false
  while (!signal.aborted) {
    try {
      if (!isAway) return { process: await runtime.waitForExit(server, signal), isInterrupted: false }
      const process = await runtime.inspect(server)
      if (!process?.isRunning) return { process, isInterrupted: true }
      isAway = false
    } catch (error) {
      if (signal.aborted) return null
      if (!isAway) log.warn({ server, err: error }, 'the runtime does not answer; waiting for it')
      isAway = true
      await pause(ENGINE_RETRY_MS, signal)
    }
  }
  return null
}

async function copyOutput(options: FollowOptions, over: AbortSignal, signal: AbortSignal): Promise<void> {
  const { runtime, server, console, log } = options
  while (!signal.aborted) {
    const isLast = over.aborted
    const last = console.lastOutputNs
    const sinceNs = last ?? options.sinceNs
    const isNew = newLines(console, last)
    try {
      for await (const chunk of runtime.output(server, sinceNs === undefined ? {} : { sinceNs }, signal)) {
        if (!isNew(chunk)) continue
        console.append('out', chunk.text, chunk.at, chunk.atNs)
        options.onLine(chunk.text)
      }
    } catch (error) {
      if (!signal.aborted) log.debug({ server, err: error }, 'following the output was interrupted')
    }
    if (isLast) return
    await pause(REFOLLOW_MS, AbortSignal.any([signal, over]))
  }
}

/**
 * Following begins at the last known line, inclusive: what was known is dropped, and if that line is gone, lines before
 * the first new one are gone too, and the console says so (RULES 14).
 */
function newLines(console: ConsoleLog, last: string | null): (chunk: OutputChunk) => boolean {
  if (last === null) return () => true
  let isAfter = false
  let sawLast = false
  return ({ atNs, at }) => {
    if (isAfter) return true
    const order = compareNs(atNs, last)
    sawLast ||= order === 0
    if (order <= 0) return false
    isAfter = true
    if (!sawLast) console.append('gap', 'Lines are missing here: the engine does not have them any more.', at)
    return true
  }
}

function compareNs(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a === b ? 0 : a < b ? -1 : 1
}
