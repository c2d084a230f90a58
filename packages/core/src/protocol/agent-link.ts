import { connectToPanel, type ConnectOptions } from './connect-to-panel.ts'
import type { AgentSession, ProtocolSocket } from './session.ts'
import { systemTimers } from './timers.ts'

const FIRST_DELAY_MS = 500
/** A session that ends sooner counts as a failure: one that breaks again and again must not hammer the panel. */
const SETTLED_MS = 10_000

export interface AgentLinkOptions extends ConnectOptions {
  /** Opens a socket to the panel. The signal fires when the link ends or the attempt has taken too long. */
  open(signal: AbortSignal): Promise<ProtocolSocket>
  onSession(session: AgentSession): void
  /** Why a connection failed or ended, and when the next one is tried. */
  onError(error: unknown, nextAttemptMs: number): void
  /** Ends the link and its session. */
  readonly signal: AbortSignal
  /** An attempt to open a socket fails after this long. @default 20_000 */
  readonly openTimeoutMs?: number
  /** Longest pause between two attempts. @default 30_000 */
  readonly maxDelayMs?: number
  /** Between 0 and 1, for the jitter. @default Math.random */
  readonly random?: () => number
}

/**
 * Keeps an agent connected until the signal fires. The pause doubles with each failure up to the limit, is drawn at random
 * between zero and that (so that a thousand agents do not return at once), and starts small again after a session that has
 * lasted ten seconds. The options are read anew for each attempt, so that `secret` and `keyId` may be getters.
 */
export async function runAgentLink(options: AgentLinkOptions): Promise<void> {
  const { signal, maxDelayMs = 30_000, random = Math.random, timers = systemTimers } = options
  let failures = 0
  while (!signal.aborted) {
    let reason: unknown
    let cancelSettled: (() => void) | undefined
    try {
      const session = await connect(options)
      cancelSettled = timers.after(SETTLED_MS, () => {
        failures = 0
      })
      reason = new Error(await follow(session, options))
    } catch (error) {
      reason = error
    } finally {
      cancelSettled?.()
    }
    if (signal.aborted) return
    const delayMs = Math.round(random() * Math.min(maxDelayMs, FIRST_DELAY_MS * 2 ** Math.min(failures, 20)))
    failures++
    options.onError(reason, delayMs)
    await pause(delayMs, options)
  }
}

async function connect(options: AgentLinkOptions): Promise<AgentSession> {
  const socket = await openInTime(options)
  const stop = () => socket.close(1000, 'the agent stops')
  if (options.signal.aborted) stop()
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    return await connectToPanel(socket, options)
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
}

/** A socket that opens after it was given up is closed at once. */
function openInTime(options: AgentLinkOptions): Promise<ProtocolSocket> {
  const { signal, timers = systemTimers, openTimeoutMs = 20_000 } = options
  const attempt = new AbortController()
  return new Promise((resolve, reject) => {
    const finish = () => {
      cancelTimeout()
      signal.removeEventListener('abort', onAbort)
    }
    const giveUp = (reason: string) => {
      finish()
      reject(new Error(reason))
      attempt.abort()
    }
    const onAbort = () => giveUp('the agent stops')
    const cancelTimeout = timers.after(openTimeoutMs, () => giveUp('the panel could not be reached in time'))
    signal.addEventListener('abort', onAbort, { once: true })
    options
      .open(attempt.signal)
      .then((socket) => (attempt.signal.aborted ? socket.close(1000, 'it took too long') : resolve(socket)), reject)
      .finally(finish)
  })
}

async function follow(session: AgentSession, options: AgentLinkOptions): Promise<string> {
  const stop = () => session.close('the agent stops')
  if (options.signal.aborted) stop()
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    options.onSession(session)
    return await session.closed
  } finally {
    session.close('the link has ended')
    options.signal.removeEventListener('abort', stop)
  }
}

function pause(delayMs: number, { signal, timers = systemTimers }: AgentLinkOptions): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      cancel()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = timers.after(delayMs, finish)
    signal.addEventListener('abort', finish, { once: true })
  })
}
