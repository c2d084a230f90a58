import type { ErrorBody } from '../errors/index.ts'
import type { ExitInfo } from '../protocol/spec.ts'
import type {
  LifecycleEffect,
  LifecycleSettings,
  LifecycleState,
  LifecycleTimer,
  NextStep,
  PowerIntent,
  Refusal,
} from './lifecycle.ts'

const KILL_RETRY_MS = 5_000
const MAX_BACKOFF_MS = 10 * 60_000

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** One step under construction: a private copy of the state and the effects so far. Everything below changes only these. */
export interface Transition {
  readonly state: Mutable<LifecycleState>
  readonly effects: LifecycleEffect[]
  readonly settings: LifecycleSettings
  readonly at: number
}

export const isActive = ({ state }: Transition): boolean => state.process !== 'offline'

/** Why the server may not start now; null when it may. */
export function startRefusal({ state, settings }: Transition): Refusal | null {
  if (state.isDeleted) return { code: 'SERVER_NOT_FOUND' }
  if (state.holds.length > 0) return { code: 'SERVER_SUSPENDED', holds: state.holds.join(', ') }
  if (!settings.mayStart) return { code: 'INSTALLATION_MISMATCH' }
  if (state.install === 'installing' || state.next?.type === 'install')
    return { code: 'SERVER_BUSY', state: 'installing' }
  if (state.install !== 'installed') return { code: 'SERVER_NOT_INSTALLED' }
  return null
}

/** Begins a launch if nothing is alive and nothing forbids it. The only place where a launch is made. */
export function launch(step: Transition, origin: 'power' | 'automatic'): void {
  const { state, effects } = step
  if (isActive(step) || startRefusal(step)) return
  clearTimer(step, 'crash-restart')
  state.run += 1
  state.process = 'starting'
  state.isLaunching = true
  state.launchOrigin = origin
  state.wants = 'running'
  state.startedAt = null
  effects.push({ type: 'launch', run: state.run, origin }, { type: 'report' })
}

/** Brings a live process, or a launch under way, to its end in the spec's own way. */
export function stop(step: Transition, isForced: boolean): void {
  const { state, effects, settings, at } = step
  const wasStopping = state.process === 'stopping'
  const becameForced = isForced && !state.isForcedStop
  state.isForcedStop ||= isForced
  if (wasStopping && !becameForced) return

  if (!wasStopping) {
    state.process = 'stopping'
    effects.push(
      state.isLaunching ? { type: 'abort-launch', run: state.run } : { type: 'stop', run: state.run, isForced },
      { type: 'report' },
    )
  }
  if (state.isKilling) return
  if (!isForced) setTimer(step, 'stop-offer', at + settings.stopTimeoutMs)
  const killAfterMs = isForced ? settings.stopTimeoutMs : settings.stopKillMs
  if (killAfterMs !== null) setTimer(step, 'stop-kill', at + killAfterMs)
}

export function kill(step: Transition): void {
  const { state, effects, at } = step
  const wasStopping = state.process === 'stopping'
  state.process = 'stopping'
  state.isKilling = true
  clearTimer(step, 'stop-offer')
  clearTimer(step, 'stop-kill')
  setTimer(step, 'kill-retry', at + KILL_RETRY_MS)
  if (state.isLaunching) effects.push({ type: 'abort-launch', run: state.run })
  effects.push({ type: 'kill', run: state.run })
  if (!wasStopping) effects.push({ type: 'report' })
}

/** The process is gone: answers who waited for that, and takes the next step if there is one. */
export function becomeOffline(step: Transition, exit: ExitInfo | null): void {
  const { state, effects } = step
  for (const timer of ['stop-offer', 'stop-kill', 'kill-retry'] as const) clearTimer(step, timer)
  state.process = 'offline'
  state.isLaunching = false
  state.isKilling = false
  state.isForcedStop = false
  state.startedAt = null
  if (exit) state.exit = exit
  for (const operation of state.awaitingStop) settle(step, operation, 'succeeded')
  state.awaitingStop = []
  effects.push({ type: 'report' })
}

/** Takes what was queued behind the stop. */
export function takeNext(step: Transition): void {
  const { state } = step
  const { next } = state
  state.next = null
  if (next?.type === 'install') beginInstall(step, next.operation, next.startWhenInstalled)
  if (next?.type === 'start') startNow(step, next.intent)
}

export function startNow(step: Transition, intent: PowerIntent): void {
  const refusal = startRefusal(step)
  if (refusal) {
    step.state.wants = 'offline'
    return settle(step, intent.operation, 'failed', refusalBody(refusal))
  }
  step.state.awaitingStart = [...step.state.awaitingStart, intent.operation]
  launch(step, 'power')
}

export function beginInstall(step: Transition, operation: string, startWhenInstalled: boolean): void {
  step.state.install = 'installing'
  step.state.installing = { operation, startWhenInstalled }
  step.effects.push({ type: 'begin-install', operation }, { type: 'report' })
}

/** Drops a queued start, answering its operation. A queued installation stays. */
export function dropQueuedStart(step: Transition, error: ErrorBody | null = null): void {
  const { state } = step
  if (state.next?.type === 'start') {
    settle(step, state.next.intent.operation, error ? 'failed' : 'cancelled', error)
    state.next = null
  }
}

/** Replaces what is queued; nothing takes the place of an installation. */
export function queue(step: Transition, next: NextStep): void {
  dropQueuedStart(step)
  step.state.next = next
}

/** Answers everybody who waits for a start that will not come. */
export function failWaitingStarts(step: Transition, status: 'failed' | 'cancelled', error: ErrorBody | null): void {
  for (const operation of step.state.awaitingStart) settle(step, operation, status, error)
  step.state.awaitingStart = []
}

/** Counts a crash and says when to try again; null gives up. */
export function planRestart(step: Transition): number | null {
  const { state, at } = step
  const { isEnabled, maxRestarts, windowMs, backoffMs } = step.settings.crashPolicy
  state.crashes = state.crashes.filter((crash) => crash > at - windowMs)
  const restarts = state.crashes.length
  if (!isEnabled || restarts >= maxRestarts || startRefusal(step)) {
    state.wants = 'offline'
    return null
  }
  state.crashes = [...state.crashes, at]
  const restartAt = at + Math.min(backoffMs * 2 ** Math.min(restarts, 30), MAX_BACKOFF_MS)
  setTimer(step, 'crash-restart', restartAt)
  return restartAt
}

export function settle(
  { effects }: Transition,
  operation: string,
  status: 'succeeded' | 'failed' | 'cancelled',
  error: ErrorBody | null = null,
): void {
  effects.push({ type: 'settle', operation, status, error })
}

export function setTimer({ state, effects }: Transition, timer: LifecycleTimer, dueAt: number): void {
  state.timers = { ...state.timers, [timer]: dueAt }
  effects.push({ type: 'set-timer', timer, dueAt })
}

export function clearTimer({ state, effects }: Transition, timer: LifecycleTimer): void {
  if (state.timers[timer] === undefined) return
  const { [timer]: _cleared, ...others } = state.timers
  state.timers = others
  effects.push({ type: 'clear-timer', timer })
}

function refusalBody(refusal: Refusal): ErrorBody {
  const { code, ...details } = refusal
  return { code, message: `The server could not be started: ${Object.values(details).join(', ') || code}.`, details }
}
