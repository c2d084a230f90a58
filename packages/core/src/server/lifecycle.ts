import type { Static } from 'typebox'
import type { ErrorBody } from '../errors/index.ts'
import type { HoldKind, PowerAction } from '../api/schemas/servers.ts'
import type { CrashPolicy, ExitInfo, InstallState, ProcessState } from '../protocol/spec.ts'

/** A wish about power: who asked for it, when, and under which operation it is answered. */
export interface PowerIntent {
  readonly operation: string
  readonly who: string
  /** Milliseconds since 1970. */
  readonly when: number
}

/** Timers the reducer asks for. One of each exists at a time; its due time stands in the state, so it survives a restart. */
export type LifecycleTimer =
  /** The stop takes longer than it should: offer a kill. */
  | 'stop-offer'
  /** The stop has taken too long: kill. */
  | 'stop-kill'
  /** A kill did not end the process: kill again. */
  | 'kill-retry'
  /** The back-off after a crash is over: start again. */
  | 'crash-restart'

/** What happens when the running process has ended. */
export type NextStep =
  | { readonly type: 'start'; readonly intent: PowerIntent }
  | { readonly type: 'install'; readonly operation: string; readonly startWhenInstalled: boolean }

/** The rules a server lives by; all of it follows from its spec. */
export interface LifecycleSettings {
  readonly crashPolicy: CrashPolicy
  /** A stop that takes longer is offered a kill. */
  readonly stopTimeoutMs: number
  /** A stop that takes longer is ended by a kill; null waits for ever. A forced stop is killed after `stopTimeoutMs`. */
  readonly stopKillMs: number | null
  /** False while the agent only attaches to what runs (RULES 3, 10): nothing is started. */
  readonly mayStart: boolean
}

/** All that the state machine remembers of one server. Plain data: stored as JSON, compared by value. */
export interface LifecycleState {
  readonly process: ProcessState
  /** Number of the current or last run; 0 before the first. */
  readonly run: number
  /** The container is being prepared or started, and nobody knows yet whether its process lives. */
  readonly isLaunching: boolean
  /** Who asked for the launch under way: a person, whose failure is final, or the agent itself, which tries again. */
  readonly launchOrigin: 'power' | 'automatic'
  readonly isKilling: boolean
  /** The stop comes from a hold, a deletion or an installation; no intent takes it back. */
  readonly isForcedStop: boolean
  /** The level that the last intent asked for. A server that wants to run is brought back after an interruption. */
  readonly wants: 'running' | 'offline'
  readonly intent: PowerIntent | null
  readonly next: NextStep | null
  /** Operations that are answered when the process lives. */
  readonly awaitingStart: readonly string[]
  /** Operations that are answered when the process has ended. */
  readonly awaitingStop: readonly string[]
  readonly install: InstallState
  /** The installation under way. */
  readonly installing: { readonly operation: string; readonly startWhenInstalled: boolean } | null
  readonly holds: readonly Static<typeof HoldKind>[]
  readonly isDeleted: boolean
  /** Times of the crashes within the window, oldest first. */
  readonly crashes: readonly number[]
  readonly timers: Readonly<Partial<Record<LifecycleTimer, number>>>
  readonly startedAt: number | null
  readonly exit: ExitInfo | null
}

/** Something that happened. `at` is the agent's clock in milliseconds. */
export type LifecycleInput =
  | {
      readonly type: 'power'
      readonly action: Static<typeof PowerAction>
      readonly intent: PowerIntent
      readonly at: number
    }
  /** Somebody typed the stop command of the egg into the console. */
  | { readonly type: 'stop-typed'; readonly at: number }
  | { readonly type: 'launched'; readonly run: number; readonly startedAt: number; readonly at: number }
  | { readonly type: 'launch-failed'; readonly run: number; readonly error: ErrorBody; readonly at: number }
  /** The console showed a "done" line, or the egg has none. */
  | { readonly type: 'ready'; readonly run: number; readonly at: number }
  | {
      readonly type: 'exited'
      readonly run: number
      readonly code: number | null
      readonly oomKilled: boolean
      /** The machine or the engine took it down, not the server itself. */
      readonly isInterrupted: boolean
      readonly at: number
    }
  | { readonly type: 'timer'; readonly timer: LifecycleTimer; readonly at: number }
  | { readonly type: 'holds'; readonly holds: readonly Static<typeof HoldKind>[]; readonly at: number }
  | { readonly type: 'install'; readonly operation: string; readonly startWhenInstalled: boolean; readonly at: number }
  | {
      readonly type: 'install-ended'
      readonly operation: string
      readonly status: 'succeeded' | 'failed' | 'cancelled'
      readonly error: ErrorBody | null
      readonly at: number
    }
  | { readonly type: 'delete'; readonly at: number }
  /** First input after a restart of the agent: what the runtime says of the process. */
  | {
      readonly type: 'observed'
      readonly isRunning: boolean
      readonly startedAt: number | null
      readonly code: number | null
      readonly oomKilled: boolean
      readonly isInterrupted: boolean
      readonly at: number
    }

/** Something to do. The caller carries effects out in order and feeds what comes of them back as inputs. */
export type LifecycleEffect =
  /** Prepare, create and start run `run`; answered by `launched` or `launch-failed`, always by exactly one of them. */
  | { readonly type: 'launch'; readonly run: number; readonly origin: 'power' | 'automatic' }
  /** Give the launch up as early as possible; it is still answered. */
  | { readonly type: 'abort-launch'; readonly run: number }
  /** Ask the process to stop, in the way of the spec; answered by `exited`. */
  | { readonly type: 'stop'; readonly run: number; readonly isForced: boolean }
  | { readonly type: 'kill'; readonly run: number }
  /** The stop takes long; tell whoever watches that a kill is possible. */
  | { readonly type: 'offer-kill'; readonly run: number }
  | { readonly type: 'begin-install'; readonly operation: string }
  | { readonly type: 'set-timer'; readonly timer: LifecycleTimer; readonly dueAt: number }
  | { readonly type: 'clear-timer'; readonly timer: LifecycleTimer }
  /** State, run, install state or exit changed: report it. */
  | { readonly type: 'report' }
  | {
      readonly type: 'settle'
      readonly operation: string
      readonly status: 'succeeded' | 'failed' | 'cancelled'
      readonly error: ErrorBody | null
    }
  /** The request was refused and changed nothing. */
  | { readonly type: 'reject'; readonly operation: string; readonly reason: Refusal }
  | {
      readonly type: 'crashed'
      readonly run: number
      readonly code: number | null
      readonly oomKilled: boolean
      readonly restartAt: number | null
    }

/** Why a request was refused; the caller makes an error of it. */
export type Refusal =
  | { readonly code: 'SERVER_SUSPENDED'; readonly holds: string }
  | { readonly code: 'SERVER_BUSY'; readonly state: string }
  | { readonly code: 'SERVER_NOT_INSTALLED' }
  | { readonly code: 'SERVER_NOT_FOUND' }
  | { readonly code: 'INSTALLATION_MISMATCH' }

/** A server that was just created: offline, not installed, never run. */
export function initialLifecycle(): LifecycleState {
  return {
    process: 'offline',
    run: 0,
    isLaunching: false,
    launchOrigin: 'power',
    isKilling: false,
    isForcedStop: false,
    wants: 'offline',
    intent: null,
    next: null,
    awaitingStart: [],
    awaitingStop: [],
    install: 'none',
    installing: null,
    holds: [],
    isDeleted: false,
    crashes: [],
    timers: {},
    startedAt: null,
    exit: null,
  }
}
