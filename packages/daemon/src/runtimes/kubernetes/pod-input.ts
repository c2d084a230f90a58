import type { WebSocket } from 'ws'
import { AppError } from '@hatchery/core/errors'
import type { ClusterApi } from './api.ts'
import { CONTAINER } from './objects.ts'

/** A game that does not read its input holds back this much at most, then lines are refused. */
const MAX_WAITING_BYTES = 256 * 1024
/** Ways between agent and API server drop connections that say nothing. */
const PING_MS = 30_000
/** Numbers of the channels in a message. */
const STDIN = 0
const ERROR = 3

/**
 * Standard input of pods: one attachment per run, held as long as the run. A new one for each line would cost a handshake
 * and lose the order of lines. The output channel is not asked for, so a reader that stalls can never block a game (RULES 14).
 */
export class PodInputs {
  readonly #api: ClusterApi
  readonly #sockets = new Map<string, Promise<WebSocket>>()

  constructor(api: ClusterApi) {
    this.#api = api
  }

  async write(path: string, run: string, line: string, signal?: AbortSignal): Promise<void> {
    const socket = await this.#attached(path, run, signal)
    if (socket.bufferedAmount > MAX_WAITING_BYTES) {
      throw new AppError('RUNTIME_FAILED', {
        runtime: 'kubernetes',
        reason: 'the server does not read its standard input',
      })
    }
    const message = Buffer.concat([Buffer.of(STDIN), Buffer.from(`${line}\n`)])
    await new Promise<void>((resolve, reject) =>
      socket.send(message, (error) => (error ? reject(lost(error)) : resolve())),
    )
  }

  /** Drops the connections without ending the input: a proper end would close the game's standard input (protocol v5). */
  close(): void {
    for (const socket of this.#sockets.values())
      socket.then(
        (open) => open.terminate(),
        () => undefined,
      ) // never attached
    this.#sockets.clear()
  }

  async #attached(path: string, run: string, signal?: AbortSignal): Promise<WebSocket> {
    const known = this.#sockets.get(run)
    const open = await known
    if (open && open.readyState === open.OPEN) return open
    if (this.#sockets.get(run) !== known) return this.#attached(path, run, signal)
    const attaching = this.#attach(path, run, signal)
    this.#sockets.set(run, attaching)
    attaching.catch(() => this.#sockets.delete(run))
    return attaching
  }

  async #attach(path: string, run: string, signal?: AbortSignal): Promise<WebSocket> {
    const query = new URLSearchParams({
      container: CONTAINER,
      stdin: 'true',
      stdout: 'false',
      stderr: 'false',
      tty: 'true',
    })
    const socket = await this.#api.channels(`${path}/attach`, query, signal)
    const ping = setInterval(() => socket.ping(), PING_MS)
    ping.unref()
    socket.on('close', () => {
      clearInterval(ping)
      void this.#sockets.get(run)?.then((current) => current === socket && this.#sockets.delete(run))
    })
    return socket
  }
}

/** Runs a command in a container and answers its exit code; null when it could not be run, as where an image has no shell. */
export async function execute(
  api: ClusterApi,
  path: string,
  command: readonly string[],
  signal?: AbortSignal,
): Promise<number | null> {
  const query = new URLSearchParams([
    ['container', CONTAINER],
    ['stdout', 'true'],
    ...command.map((word): [string, string] => ['command', word]),
  ])
  const socket = await api.channels(`${path}/exec`, query, signal)
  const abort = () => socket.terminate()
  signal?.addEventListener('abort', abort, { once: true })
  let status: ExecStatus | null = null
  socket.on('message', (data: Buffer) => {
    if (data[0] === ERROR) status = JSON.parse(data.toString('utf8', 1)) as ExecStatus
  })
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  signal?.removeEventListener('abort', abort)
  if (signal?.aborted) throw new AppError('CANCELLED')
  return exitCode(status)
}

interface ExecStatus {
  readonly status: string
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] }
}

function exitCode(status: ExecStatus | null): number | null {
  if (status?.status === 'Success') return 0
  const code = status?.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message
  return code === undefined ? null : Number(code)
}

function lost(cause: Error): AppError {
  return new AppError('RUNTIME_UNAVAILABLE', { runtime: 'kubernetes', reason: cause.message }, { cause })
}
