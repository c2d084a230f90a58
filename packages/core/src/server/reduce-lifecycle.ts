import type { ExitInfo } from '../protocol/spec.ts'
import type { LifecycleEffect, LifecycleInput, LifecycleSettings, LifecycleState } from './lifecycle.ts'
import {
  becomeOffline,
  beginInstall,
  clearTimer,
  dropQueuedStart,
  failWaitingStarts,
  isActive,
  kill,
  launch,
  planRestart,
  queue,
  setTimer,
  settle,
  startNow,
  startRefusal,
  stop,
  takeNext,
  type Transition,
} from './transition.ts'

export interface Reduction {
  readonly state: LifecycleState
  /** To be carried out in this order, after the state has been stored. */
  readonly effects: readonly LifecycleEffect[]
}

type InputOf<T extends LifecycleInput['type']> = Extract<LifecycleInput, { readonly type: T }>

/**
 * The whole life of a server as one pure function.
 *
 * - At most one launch or live process exists at any time, and none begins under a hold, a deletion or an installation.
 * - The newest intent wins. A start that meets a stop waits for its end; a stop or kill takes a waiting start back.
 * - A kill always wins: it needs no lock, gives up a launch under way, and is repeated until the process has ended.
 * - Every accepted operation is settled exactly once; a refused one changes nothing.
 *
 * @example
 * const { state, effects } = reduceLifecycle(stored, { type: 'power', action: 'start', intent, at: now() }, settings)
 */
export function reduceLifecycle(state: LifecycleState, input: LifecycleInput, settings: LifecycleSettings): Reduction {
  const step: Transition = { state: { ...state }, effects: [], settings, at: input.at }
  apply(step, input)
  return { state: step.state, effects: step.effects }
}

function apply(step: Transition, input: LifecycleInput): void {
  switch (input.type) {
    case 'power':
      return onPower(step, input)
    case 'stop-typed':
      return onStopTyped(step)
    case 'launched':
      return onLaunched(step, input)
    case 'launch-failed':
      return onLaunchFailed(step, input)
    case 'ready':
      return onReady(step, input)
    case 'exited':
      if (input.run === step.state.run && isActive(step)) onExited(step, input)
      return
    case 'timer':
      return onTimer(step, input)
    case 'holds':
      return onHolds(step, input)
    case 'install':
      return onInstall(step, input)
    case 'install-ended':
      return onInstallEnded(step, input)
    case 'delete':
      return onDelete(step)
    case 'observed':
      return onObserved(step, input)
    default:
      input satisfies never
  }
}

function onPower(step: Transition, { action, intent }: InputOf<'power'>): void {
  const { state, effects } = step
  const { operation } = intent
  if (action === 'start' || action === 'restart') {
    const reason = startRefusal(step)
    if (reason) return void effects.push({ type: 'reject', operation, reason })
  }
  state.intent = intent

  switch (action) {
    case 'start':
      state.wants = 'running'
      if (state.process === 'offline') return startNow(step, intent)
      if (state.process === 'stopping') return queue(step, { type: 'start', intent })
      if (!state.isLaunching) return settle(step, operation, 'succeeded')
      state.awaitingStart = [...state.awaitingStart, operation]
      return
    case 'restart':
      state.wants = 'running'
      if (state.process === 'offline') return startNow(step, intent)
      queue(step, { type: 'start', intent })
      failWaitingStarts(step, 'cancelled', null)
      return stop(step, false)
    case 'stop':
      return endByIntent(step, operation, () => stop(step, false))
    case 'kill':
      if (state.installing) state.installing = { ...state.installing, startWhenInstalled: false }
      if (state.next?.type === 'install') state.next = { ...state.next, startWhenInstalled: false }
      return endByIntent(step, operation, () => kill(step))
    default:
      action satisfies never
  }
}

function endByIntent(step: Transition, operation: string, end: () => void): void {
  const { state } = step
  state.wants = 'offline'
  clearTimer(step, 'crash-restart')
  dropQueuedStart(step)
  failWaitingStarts(step, 'cancelled', null)
  if (!isActive(step)) return settle(step, operation, 'succeeded')
  state.awaitingStop = [...state.awaitingStop, operation]
  end()
}

function onStopTyped(step: Transition): void {
  const { state, effects } = step
  if (state.isLaunching || (state.process !== 'starting' && state.process !== 'running')) return
  state.wants = 'offline'
  state.process = 'stopping'
  setTimer(step, 'stop-offer', step.at + step.settings.stopTimeoutMs)
  effects.push({ type: 'report' })
}

function onLaunched(step: Transition, { run, startedAt }: InputOf<'launched'>): void {
  const { state, effects } = step
  if (run !== state.run || !state.isLaunching) return
  state.isLaunching = false
  state.startedAt = startedAt
  effects.push({ type: 'report' })
  if (state.isKilling) return void effects.push({ type: 'kill', run })
  if (state.process === 'stopping') return void effects.push({ type: 'stop', run, isForced: state.isForcedStop })
  for (const operation of state.awaitingStart) settle(step, operation, 'succeeded')
  state.awaitingStart = []
}

function onLaunchFailed(step: Transition, { run, error }: InputOf<'launch-failed'>): void {
  const { state, effects } = step
  if (run !== state.run || !state.isLaunching) return
  const wasWanted = state.process === 'starting'
  becomeOffline(step, null)
  if (!wasWanted) return takeNext(step)
  if (error.code === 'CANCELLED') failWaitingStarts(step, 'cancelled', null)
  else failWaitingStarts(step, 'failed', error)
  if (state.launchOrigin === 'power') {
    state.wants = 'offline'
    return
  }
  effects.push({ type: 'crashed', run, code: null, oomKilled: false, restartAt: planRestart(step) })
}

function onReady(step: Transition, { run }: InputOf<'ready'>): void {
  const { state, effects } = step
  if (run !== state.run || state.process !== 'starting' || state.isLaunching) return
  state.process = 'running'
  effects.push({ type: 'report' })
}

function onExited(step: Transition, exit: Omit<InputOf<'exited'>, 'type' | 'run'>): void {
  const { state, effects, settings } = step
  const { code, oomKilled, at } = exit
  const end = (reason: ExitInfo['reason']) => becomeOffline(step, { code, oomKilled, reason, at })

  if (state.process === 'stopping') {
    end(state.isKilling ? 'killed' : 'stopped')
    return takeNext(step)
  }
  for (const operation of state.awaitingStart) settle(step, operation, 'succeeded')
  state.awaitingStart = []
  if (exit.isInterrupted) {
    end('interrupted')
    return launch(step, 'automatic')
  }
  if (code === 0 && !oomKilled && !settings.crashPolicy.treatCleanExitAsCrash) {
    end('finished')
    state.wants = 'offline'
    return
  }
  end('crashed')
  effects.push({ type: 'crashed', run: state.run, code, oomKilled, restartAt: planRestart(step) })
}

function onTimer(step: Transition, { timer, at }: InputOf<'timer'>): void {
  const { state, effects } = step
  const dueAt = state.timers[timer]
  if (dueAt === undefined || at < dueAt) return
  clearTimer(step, timer)
  switch (timer) {
    case 'stop-offer':
      if (state.process === 'stopping') effects.push({ type: 'offer-kill', run: state.run })
      return
    case 'stop-kill':
    case 'kill-retry':
      if (state.process === 'stopping') kill(step)
      return
    case 'crash-restart':
      return launch(step, 'automatic')
    default:
      timer satisfies never
  }
}

function onHolds(step: Transition, { holds }: InputOf<'holds'>): void {
  const { state } = step
  state.holds = [...holds]
  if (holds.length === 0) return
  override(step, {
    code: 'SERVER_SUSPENDED',
    message: 'The server was suspended.',
    details: { holds: holds.join(', ') },
  })
  if (isActive(step)) stop(step, true)
}

function onDelete(step: Transition): void {
  const { state } = step
  if (state.isDeleted) return
  state.isDeleted = true
  const error = { code: 'SERVER_NOT_FOUND', message: 'The server is being deleted.' }
  override(step, error)
  if (state.next?.type === 'install') {
    settle(step, state.next.operation, 'failed', error)
    state.next = null
  }
  if (isActive(step)) kill(step)
}

/** Holds and deletion override every intent (RULES 2). */
function override(step: Transition, error: { code: string; message: string; details?: Record<string, unknown> }): void {
  step.state.wants = 'offline'
  clearTimer(step, 'crash-restart')
  dropQueuedStart(step, error)
  failWaitingStarts(step, 'failed', error)
}

function onInstall(step: Transition, { operation, startWhenInstalled }: InputOf<'install'>): void {
  const { state, effects } = step
  const reject = (reason: Extract<LifecycleEffect, { type: 'reject' }>['reason']) =>
    void effects.push({ type: 'reject', operation, reason })
  if (state.isDeleted) return reject({ code: 'SERVER_NOT_FOUND' })
  if (state.install === 'installing' || state.next?.type === 'install') {
    return reject({ code: 'SERVER_BUSY', state: 'installing' })
  }
  state.wants = 'offline'
  clearTimer(step, 'crash-restart')
  failWaitingStarts(step, 'cancelled', null)
  if (!isActive(step)) return beginInstall(step, operation, startWhenInstalled)
  queue(step, { type: 'install', operation, startWhenInstalled })
  stop(step, true)
}

function onInstallEnded(step: Transition, { operation, status, error }: InputOf<'install-ended'>): void {
  const { state, effects } = step
  if (state.installing?.operation !== operation) return
  const { startWhenInstalled } = state.installing
  state.installing = null
  state.install = status === 'succeeded' ? 'installed' : 'failed'
  settle(step, operation, status, error)
  effects.push({ type: 'report' })
  if (status === 'succeeded' && startWhenInstalled) launch(step, 'power')
}

function onObserved(step: Transition, observed: InputOf<'observed'>): void {
  const { state, effects } = step
  for (const timer of Object.keys(state.timers) as (keyof typeof state.timers)[]) {
    const dueAt = state.timers[timer]
    if (dueAt !== undefined) effects.push({ type: 'set-timer', timer, dueAt })
  }
  if (state.installing) effects.push({ type: 'begin-install', operation: state.installing.operation })
  if (observed.isRunning) return adopt(step, observed.startedAt ?? observed.at)

  if (!isActive(step)) {
    if (state.next) takeNext(step)
    else if (state.wants === 'running' && state.timers['crash-restart'] === undefined) launch(step, 'automatic')
    return
  }
  if (!state.isLaunching) return onExited(step, observed)
  const wasWanted = state.process === 'starting'
  becomeOffline(step, null)
  if (!wasWanted) return takeNext(step)
  launch(step, state.launchOrigin)
}

/** A process runs that this agent did not start in this life: it becomes ours, in the state it was last known in. */
function adopt(step: Transition, startedAt: number): void {
  const { state, effects } = step
  if (isActive(step)) {
    const wasLaunching = state.isLaunching
    onLaunched(step, { type: 'launched', run: state.run, startedAt, at: step.at })
    if (wasLaunching) return
    state.startedAt = startedAt
    if (state.isKilling) effects.push({ type: 'kill', run: state.run })
    else if (state.process === 'stopping') effects.push({ type: 'stop', run: state.run, isForced: state.isForcedStop })
    return void effects.push({ type: 'report' })
  }
  clearTimer(step, 'crash-restart')
  state.run += 1
  state.process = 'running'
  state.startedAt = startedAt
  state.wants = 'running'
  effects.push({ type: 'report' })
  if (state.holds.length > 0 || state.isDeleted || state.installing) {
    state.wants = 'offline'
    stop(step, true)
  }
}
