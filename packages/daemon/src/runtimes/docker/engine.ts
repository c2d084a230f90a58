import type Docker from 'dockerode'
import { AppError } from '@hatchery/core/errors'
import { limitWaiting, type EngineDeadlines } from './deadlines.ts'

export interface EngineFacts {
  readonly version: string
  readonly apiVersion: string
  /** The engine can put its small init before a container's process. */
  readonly hasInit: boolean
  readonly cgroupVersion: 1 | 2
}

/** One Docker engine behind a Unix socket. The client library is loaded with the first call. */
export class Engine {
  readonly #socketPath: string
  readonly #deadlines: Partial<EngineDeadlines>
  #client: Promise<Docker> | undefined
  #facts: Promise<EngineFacts> | undefined

  constructor(socketPath: string, deadlines: Partial<EngineDeadlines> = {}) {
    this.#socketPath = socketPath
    this.#deadlines = deadlines
  }

  /** Runs one call, under the deadline of its kind, and turns what fails into an `AppError`. */
  async call<T>(use: (docker: Docker) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) throw new AppError('CANCELLED')
    this.#client ??= import('dockerode').then(({ default: Client }) => {
      const client = new Client({ socketPath: this.#socketPath })
      limitWaiting(client.modem, this.#deadlines)
      return client
    })
    try {
      const client = await this.#client
      signal?.throwIfAborted()
      const result = use(client)
      return await (signal ? untilAborted(result, signal) : result)
    } catch (error) {
      throw signal?.aborted ? new AppError('CANCELLED', {}, { cause: error }) : asAppError(error)
    }
  }

  /** As {@link call}; null where the engine answers 404. */
  async find<T>(use: (docker: Docker) => Promise<T>, signal?: AbortSignal): Promise<T | null> {
    try {
      return await this.call(use, signal)
    } catch (error) {
      if (isStatus(error, 404)) return null
      throw error
    }
  }

  /**
   * Resolves when a container is not running, or not there. Read as a stream: the library's own call never returns
   * when the engine goes away between the head and the end of its answer.
   */
  async untilStopped(container: string, signal?: AbortSignal): Promise<void> {
    const answer = await this.find(
      (docker) =>
        new Promise<AsyncIterable<Uint8Array>>((resolve, reject) => {
          const request = {
            path: `/containers/${container}/wait?condition=not-running`,
            method: 'POST',
            isStream: true,
            statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
            ...(signal ? { abortSignal: signal } : {}),
          }
          docker.modem.dial(request, (error: unknown, stream: unknown) =>
            error ? reject(error as Error) : resolve(stream as AsyncIterable<Uint8Array>),
          )
        }),
      signal,
    )
    if (answer) await this.call(() => drain(answer), signal)
  }

  /** What this engine can do; asked once. */
  async facts(): Promise<EngineFacts> {
    this.#facts ??= this.call(async (docker) => {
      const [version, info] = await Promise.all([
        docker.version(),
        docker.info() as Promise<{ CgroupVersion?: string }>,
      ])
      const init = version.Components?.find((component) => component.Name === 'docker-init')
      return {
        version: version.Version,
        apiVersion: version.ApiVersion,
        hasInit: Boolean(init && init.Version !== '' && init.Version !== 'N/A'),
        cgroupVersion: info.CgroupVersion === '2' ? 2 : 1,
      } as const
    })
    try {
      return await this.#facts
    } catch (error) {
      this.#facts = undefined
      throw error
    }
  }
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  const iterator = stream[Symbol.asyncIterator]()
  while (!(await iterator.next()).done);
}

/** Gives up waiting when `signal` fires, even where the library would wait on. */
function untilAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** HTTP status that the engine refused a call with. */
export function isStatus(error: unknown, status: number): boolean {
  return error instanceof AppError && error.details['engineStatus'] === status
}

/** The engine is away: it was stopped, restarts, or the connection broke. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof AppError && error.code === 'RUNTIME_UNAVAILABLE'
}

const AWAY = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'EACCES',
  'ECONNABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
])

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const { code, statusCode, json, message } = error as NodeJS.ErrnoException & {
    statusCode?: number
    json?: { message?: string }
  }
  if (statusCode === undefined && (AWAY.has(code ?? '') || /socket hang up|aborted/.test(message))) {
    return new AppError('RUNTIME_UNAVAILABLE', { runtime: 'docker', reason: code ?? message }, { cause: error })
  }
  if (statusCode === undefined) throw error
  const reason = (json?.message ?? message).replace(/^\(HTTP code \d+\) [^-]* - /, '').trim()
  const port = /(?:port is already allocated|address already in use)/.test(reason) && /:(\d{1,5})(?:\D|$)/.exec(reason)
  if (port) return new AppError('PORT_IN_USE', { port: Number(port[1]) }, { cause: error })
  // An engine that shuts down answers 500 or 503 for a moment.
  if (statusCode === 503) {
    return new AppError('RUNTIME_UNAVAILABLE', { runtime: 'docker', reason }, { cause: error })
  }
  return new AppError('RUNTIME_FAILED', { runtime: 'docker', reason, engineStatus: statusCode }, { cause: error })
}
