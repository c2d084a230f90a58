import type { OutputChunk } from '@hatchery/core/runtime'
import type { Engine } from './engine.ts'
import { createLogParser } from './log-parser.ts'

export interface FollowOptions {
  readonly container: string
  readonly isTty: boolean
  /** Nanoseconds since 1970 as text, inclusive. */
  readonly sinceNs: string | null
  /** false: only what is there already. @default true */
  readonly follow?: boolean
}

/**
 * Lines of a container's log from `sinceNs` on, in engine order, until the container stops, the engine goes away or `signal` fires.
 * The engine writes the log whether or not somebody reads it here, so a slow reader slows nothing (RULES 14).
 */
export async function* followLog(
  engine: Engine,
  options: FollowOptions,
  signal?: AbortSignal,
): AsyncGenerator<OutputChunk[]> {
  const { container, isTty, sinceNs, follow = true } = options
  const stop = new AbortController()
  const abortSignal = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const query = {
    stdout: true,
    stderr: true,
    timestamps: true,
    // The types know whole seconds only; the engine takes a fraction.
    ...(sinceNs === null ? {} : { since: sinceParameter(sinceNs) as unknown as number }),
    abortSignal,
  }
  const stream = await engine.call<AsyncIterable<Buffer>>(async (docker) => {
    const log = docker.getContainer(container)
    if (!follow) return present(await log.logs({ ...query, follow: false }))
    return (await log.logs({ ...query, follow: true })) as NodeJS.ReadableStream & AsyncIterable<Buffer>
  }, signal)
  const parser = createLogParser(isTty)
  try {
    for await (const bytes of stream) {
      const lines = parser.push(bytes)
      if (lines.length > 0) yield lines
    }
    const lines = parser.end()
    if (lines.length > 0) yield lines
  } finally {
    stop.abort()
  }
}

async function* present(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

/** `1700000000.000000001` of `1700000000000000001`. */
export function sinceParameter(nanoseconds: string): string {
  const digits = nanoseconds.padStart(10, '0')
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`
}
