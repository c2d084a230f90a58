import type { ServerStats } from '@hatchery/core/api'
import type { ExitInfo, Generation, InstallState, ProcessState, ServerReport } from '@hatchery/core/protocol'
import type { Static } from 'typebox'

type State = Static<typeof ProcessState>
type Install = Static<typeof InstallState>
export type PowerAction = 'start' | 'stop' | 'restart' | 'kill'

/** What the panel stored of a server before this connection. */
export interface KnownServer {
  readonly uuid: string
  readonly state: State
  readonly install: Install
  readonly run: number
}

export interface Crash {
  readonly run: number
  readonly code: number | null
  readonly oomKilled: boolean
  readonly at: number
}

/**
 * What one server on a Wings does, put together from the words of its socket and from what the panel knew. Wings names neither
 * runs nor reasons: a run begins when the server leaves `offline`, and the reason of an end is what led to it.
 */
export class WingsServer {
  readonly uuid: string
  install: Install
  generation: Generation | null = null
  stats: ServerStats | null = null
  isStatsWatched = false
  #state: State
  #run: number
  #startedAt: number | null = null
  #exit: ExitInfo | null = null
  #asked: PowerAction | null = null
  /** Lines of a crash report that came so far. */
  #crash: { code: number | null } | null = null

  constructor(known: KnownServer) {
    this.uuid = known.uuid
    this.install = known.install
    this.#state = known.state
    this.#run = known.run
  }

  get state(): State {
    return this.#state
  }

  get run(): number {
    return this.#run
  }

  /** Remembers what somebody wanted: it says later why the server ended. */
  ask(action: PowerAction): void {
    this.#asked = action
  }

  /** @returns whether something changed */
  observe(state: State, now: number): boolean {
    const before = this.#state
    if (state === before) return false
    this.#state = state
    if (state === 'offline') {
      this.#exit = { code: null, oomKilled: false, reason: this.#reasonOf(before), at: now }
      this.#startedAt = null
      this.stats = null
      if (this.#asked !== 'restart') this.#asked = null
    } else if (before === 'offline') {
      this.#run++
      this.#startedAt = now
      this.#exit = null
      this.#crash = null
      if (this.#asked === 'start' || this.#asked === 'restart') this.#asked = null
    }
    return true
  }

  /** A server that ran before this connection started that long ago. */
  startedBefore(uptimeMs: number, now: number): void {
    if (this.#state !== 'offline' && uptimeMs > 0) this.#startedAt = Math.round(now - uptimeMs)
  }

  /** Reads the daemon's own lines, the only place where a Wings says how a server ended. @returns a crash, when it is complete */
  readDaemonLine(text: string, now: number): Crash | null {
    if (text.includes('Detected server process in a crashed state')) {
      this.#crash = { code: null }
      return null
    }
    if (!this.#crash) return null
    const code = /^Exit code: (-?\d+)/.exec(text)?.[1]
    if (code !== undefined) this.#crash.code = Number(code)
    const oom = /^Out of memory: (true|false)/.exec(text)?.[1]
    if (oom === undefined) return null
    const crash: Crash = { run: this.#run, code: this.#crash.code, oomKilled: oom === 'true', at: now }
    this.#crash = null
    if (this.#state === 'offline') this.#exit = { ...crashExit(crash), at: now }
    return crash
  }

  report(stateSeq: number, isOrphaned = false): Static<typeof ServerReport> {
    return {
      server: this.uuid,
      generation: this.generation,
      state: this.#state,
      install: this.install,
      run: this.#run,
      stateSeq,
      startedAt: this.#startedAt,
      exit: this.#exit,
      isOrphaned,
    }
  }

  #reasonOf(before: State): ExitInfo['reason'] {
    if (this.#asked === 'kill') return 'killed'
    return before === 'stopping' ? 'stopped' : 'finished'
  }
}

function crashExit({ code, oomKilled }: Crash): Pick<ExitInfo, 'code' | 'oomKilled' | 'reason'> {
  return { code, oomKilled, reason: 'crashed' }
}
