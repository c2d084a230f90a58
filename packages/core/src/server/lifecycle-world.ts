import type { LifecycleEffect, LifecycleInput, LifecycleSettings, LifecycleState } from './lifecycle.ts'
import { initialLifecycle } from './lifecycle.ts'
import type { Reduction } from './reduce-lifecycle.ts'

export type Reducer = (state: LifecycleState, input: LifecycleInput, settings: LifecycleSettings) => Reduction

/** Something that happens in a random history. What does not fit the moment (an exit of nothing) does nothing. */
export type Happening =
  | 'start'
  | 'stop'
  | 'restart'
  | 'kill'
  | 'type-stop'
  | 'launch-comes-through'
  | 'launch-fails'
  | 'ready'
  | 'exit-clean'
  | 'exit-crash'
  | 'exit-interrupted'
  | 'hold'
  | 'lift-hold'
  | 'install'
  | 'install-and-start'
  | 'install-succeeds'
  | 'install-fails'
  | 'time-passes'
  | 'agent-restarts'
  | 'stale-news'
  | 'delete'

export const HAPPENINGS: readonly Happening[] = [
  'start',
  'stop',
  'restart',
  'kill',
  'type-stop',
  'launch-comes-through',
  'launch-fails',
  'ready',
  'exit-clean',
  'exit-crash',
  'exit-interrupted',
  'hold',
  'lift-hold',
  'install',
  'install-and-start',
  'install-succeeds',
  'install-fails',
  'time-passes',
  'agent-restarts',
  'stale-news',
  'delete',
]

const SETTINGS: LifecycleSettings = {
  crashPolicy: { isEnabled: true, treatCleanExitAsCrash: false, maxRestarts: 2, windowMs: 60_000, backoffMs: 1_000 },
  stopTimeoutMs: 10_000,
  stopKillMs: 60_000,
  mayStart: true,
}

/**
 * A machine with one container, and beside it what a person would say the server should be doing: the oracle. It knows
 * nothing of the reducer's state; it looks at requests, effects and the container only.
 */
export class LifecycleWorld {
  readonly #reduce: Reducer
  #state: LifecycleState = { ...initialLifecycle(), install: 'installed' }
  #now = 1_000
  #operations = 0
  /** A launch was asked for and not answered. */
  #launching: number | null = null
  #alive: number | null = null
  /** The oracle's view. */
  #isReady = false
  #isEnding = false
  /** The container may still end by itself; the newest word of a person forbids any further launch. */
  #isForbidden = false
  #holds = false
  #deleted = false
  #installing: string | null = null
  #installed = true
  readonly #open = new Set<string>()
  readonly #settled = new Set<string>()
  #launches = 0

  constructor(reduce: Reducer) {
    this.#reduce = reduce
  }

  happen(what: Happening): void {
    const at = (this.#now += 1)
    switch (what) {
      case 'start':
      case 'stop':
      case 'restart':
      case 'kill':
        return this.#power(what)
      case 'type-stop':
        if (this.#alive !== null && !this.#isEnding) {
          this.#isEnding = true
          this.#isForbidden = true
        }
        return this.#feed({ type: 'stop-typed', at })
      case 'launch-comes-through':
        if (this.#launching === null) return
        this.#alive = this.#launching
        this.#launching = null
        return this.#feed({ type: 'launched', run: this.#alive, startedAt: at, at })
      case 'launch-fails':
        if (this.#launching === null) return
        return this.#answerLaunch((run) => ({ type: 'launch-failed', run, error: { code: 'X', message: 'x' }, at }))
      case 'ready':
        if (this.#alive === null) return
        this.#isReady = true
        return this.#feed({ type: 'ready', run: this.#alive, at })
      case 'exit-clean':
        return this.#exit(0, false)
      case 'exit-crash':
        return this.#exit(1, false)
      case 'exit-interrupted':
        return this.#exit(null, true)
      case 'hold':
      case 'delete':
        this.#holds ||= what === 'hold'
        this.#deleted ||= what === 'delete'
        this.#endWhatIs()
        this.#isForbidden = true
        return this.#feed(what === 'hold' ? { type: 'holds', holds: ['admin'], at } : { type: 'delete', at })
      case 'lift-hold':
        this.#holds = false
        return this.#feed({ type: 'holds', holds: [], at })
      case 'install':
      case 'install-and-start':
        return this.#install(what === 'install-and-start')
      case 'install-succeeds':
      case 'install-fails':
        return this.#endInstall(what === 'install-succeeds')
      case 'time-passes':
        this.#now += 20_000
        for (const timer of Object.keys(this.#state.timers) as (keyof LifecycleState['timers'])[]) {
          this.#feed({ type: 'timer', timer, at: this.#now })
        }
        return
      case 'agent-restarts':
        return this.#restartAgent()
      case 'stale-news':
        this.#feed({ type: 'exited', run: this.#state.run - 1, code: 1, oomKilled: false, isInterrupted: false, at })
        this.#feed({ type: 'launched', run: this.#state.run - 1, startedAt: at, at })
        return this.#feed({ type: 'timer', timer: 'stop-kill', at: 0 })
      default:
        what satisfies never
    }
  }

  /** A kill, then whatever is under way comes to its end: the server must be offline and stay so. */
  endByKill(): void {
    this.happen('kill')
    if (this.#launching !== null) this.happen('launch-comes-through')
    if (this.#alive !== null) this.happen('exit-crash')
    if (this.#installing !== null) this.happen('install-succeeds')
    for (let turn = 0; turn < 5; turn++) this.happen('time-passes')
    check(this.#state.process === 'offline', 'a killed server is offline')
    check(this.#alive === null && this.#launching === null, 'nothing lives after a kill')
    check(Object.keys(this.#state.timers).length === 0, 'no timer survives a kill')
    check(this.#open.size === 0, 'every accepted operation was settled')
  }

  #power(action: 'start' | 'stop' | 'restart' | 'kill'): void {
    const operation = `op-${++this.#operations}`
    const wantsStart = action === 'start' || action === 'restart'
    const mayStart = !this.#holds && !this.#deleted && this.#installing === null && this.#installed
    if (wantsStart && !mayStart) {
      const before = this.#state
      this.#open.add(operation)
      this.#feed({ type: 'power', action, intent: { operation, who: 'x', when: 0 }, at: this.#now })
      check(JSON.stringify(before) === JSON.stringify(this.#state), 'a refused request changes nothing')
      check(!this.#open.has(operation), 'a start that may not be is refused')
      return
    }
    this.#open.add(operation)
    if (wantsStart) this.#isForbidden = false
    if (action !== 'start') this.#endWhatIs()
    if (action === 'stop' || action === 'kill') this.#isForbidden = true
    this.#feed({ type: 'power', action, intent: { operation, who: 'x', when: 0 }, at: this.#now })
  }

  #install(startWhenInstalled: boolean): void {
    const operation = `op-${++this.#operations}`
    this.#open.add(operation)
    const isRefused = this.#deleted || this.#installing !== null
    if (!isRefused) {
      this.#installing = operation
      this.#endWhatIs()
      this.#isForbidden = true
    }
    this.#feed({ type: 'install', operation, startWhenInstalled, at: this.#now })
    check(isRefused === !this.#open.has(operation), 'an installation is refused exactly beside another or a deletion')
    this.#wantsStartAfter = isRefused ? this.#wantsStartAfter : startWhenInstalled
  }
  #wantsStartAfter = false

  #endInstall(isSuccess: boolean): void {
    const operation = this.#installing
    if (operation === null || this.#state.installing?.operation !== operation) return
    check(this.#alive === null && this.#launching === null, 'nothing lives while an installation runs')
    this.#installing = null
    this.#installed = isSuccess
    if (isSuccess && this.#wantsStartAfter && !this.#holds && !this.#deleted) this.#isForbidden = false
    const status = isSuccess ? 'succeeded' : 'failed'
    this.#feed({ type: 'install-ended', operation, status, error: null, at: this.#now })
  }

  #exit(code: number | null, isInterrupted: boolean): void {
    if (this.#alive === null) return
    const run = this.#alive
    this.#alive = null
    this.#isReady = false
    this.#isEnding = false
    this.#feed({ type: 'exited', run, code, oomKilled: false, isInterrupted, at: this.#now })
  }

  #answerLaunch(answer: (run: number) => LifecycleInput): void {
    const run = this.#launching
    if (run === null) return
    this.#launching = null
    this.#isEnding = false
    this.#feed(answer(run))
  }

  /** The agent dies: timers and the launch under way are gone, the container is what it is, the state is what was stored. */
  #restartAgent(): void {
    this.#state = JSON.parse(JSON.stringify(this.#state)) as LifecycleState
    if (this.#launching !== null) {
      // Every other cut-off launch came through before the end.
      if (this.#launching % 2 === 0) this.#alive = this.#launching
      else this.#isEnding = false
      this.#launching = null
    }
    this.#feed({
      type: 'observed',
      isRunning: this.#alive !== null,
      startedAt: this.#now,
      code: 1,
      oomKilled: false,
      isInterrupted: false,
      at: this.#now,
    })
  }

  /** What lives or begins to live now was asked to end. */
  #endWhatIs(): void {
    if (this.#alive !== null || this.#launching !== null) this.#isEnding = true
    if (!this.#installing) this.#wantsStartAfter = false
  }

  #feed(input: LifecycleInput): void {
    const { state, effects } = this.#reduce(this.#state, input, SETTINGS)
    this.#state = state
    for (const effect of effects) this.#watch(effect)
    if (input.type === 'power' && input.action === 'kill') this.#wantsStartAfter = false
    const lives = this.#alive !== null || this.#launching !== null
    const expected = !lives ? 'offline' : this.#isEnding ? 'stopping' : this.#isReady ? 'running' : 'starting'
    check(state.process === expected, `after ${input.type} the server is ${expected}, not ${state.process}`)
    check(effects.every(({ type }) => type !== 'launch') || this.#launching !== null, 'a launch is under way')
  }

  #watch(effect: LifecycleEffect): void {
    switch (effect.type) {
      case 'launch':
        check(this.#launching === null && this.#alive === null, 'never two starts at once')
        check(!this.#holds, 'a held server never starts')
        check(!this.#deleted, 'a deleted server never starts')
        check(this.#installing === null && this.#installed, 'a server without its files never starts')
        check(!this.#isForbidden, 'nothing starts after the newest word was to end')
        check(effect.run > this.#launches, 'run numbers rise')
        this.#launches = effect.run
        this.#launching = effect.run
        this.#isReady = false
        this.#isEnding = false
        return
      case 'stop':
      case 'kill':
        return check(this.#alive !== null || this.#launching !== null, `there is something to ${effect.type}`)
      case 'settle':
      case 'reject':
        check(this.#open.delete(effect.operation), `operation ${effect.operation} was open`)
        check(!this.#settled.has(effect.operation), 'an operation is settled once')
        this.#settled.add(effect.operation)
        return
      default:
    }
  }
}

function check(isTrue: boolean, promise: string): void {
  if (!isTrue) throw new Error(`Broken: ${promise}.`)
}
