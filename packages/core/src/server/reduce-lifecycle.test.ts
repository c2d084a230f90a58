import { describe, expect, test } from 'vitest'
import { initialLifecycle, type LifecycleInput, type LifecycleSettings, type LifecycleState } from './lifecycle.ts'
import { reduceLifecycle } from './reduce-lifecycle.ts'

const settings: LifecycleSettings = {
  crashPolicy: { isEnabled: true, treatCleanExitAsCrash: false, maxRestarts: 2, windowMs: 60_000, backoffMs: 1_000 },
  stopTimeoutMs: 30_000,
  stopKillMs: 600_000,
  mayStart: true,
}
const installed: LifecycleState = { ...initialLifecycle(), install: 'installed' }

let operations = 0
const power = (action: 'start' | 'stop' | 'restart' | 'kill', at = 0): LifecycleInput => {
  return { type: 'power', action, intent: { operation: `op-${++operations}`, who: 'somebody', when: at }, at }
}
const launched = (run: number): LifecycleInput => ({ type: 'launched', run, startedAt: 5, at: 5 })
const ready = (run: number): LifecycleInput => ({ type: 'ready', run, at: 6 })
const exited = (
  run: number,
  code: number | null,
  more: { oomKilled?: boolean; isInterrupted?: boolean; at?: number } = {},
) => {
  return { type: 'exited', run, code, oomKilled: false, isInterrupted: false, at: 10, ...more } as const
}
const error = { code: 'PORT_IN_USE', message: 'taken' }

function play(from: LifecycleState, inputs: readonly LifecycleInput[], rules = settings) {
  let state = from
  const effects = inputs.map((input) => {
    const step = reduceLifecycle(state, input, rules)
    state = step.state
    return step.effects
  })
  return { state, last: effects.at(-1) ?? [], kinds: (effects.at(-1) ?? []).map((effect) => effect.type) }
}
const running = play(installed, [power('start'), launched(1), ready(1)]).state

describe('power', () => {
  test('a start launches a new run and is settled when its process lives', () => {
    const first = play(installed, [power('start')])
    expect(first.state).toMatchObject({ process: 'starting', run: 1, isLaunching: true, wants: 'running' })
    expect(first.kinds).toEqual(['launch', 'report'])
    expect(play(first.state, [launched(1)]).kinds).toEqual(['report', 'settle'])
    expect(running.process).toBe('running')
  })

  test('a start while it stops waits for the end, then launches', () => {
    const { state, kinds } = play(running, [power('stop'), power('start')])
    expect(kinds).toEqual([])
    expect(state.process).toBe('stopping')
    expect(play(state, [exited(1, 0)]).state).toMatchObject({ process: 'starting', run: 2 })
  })

  test('a stop takes a waiting start back and settles it as cancelled', () => {
    const { state, last } = play(running, [power('restart'), power('stop')])
    expect(last).toContainEqual(expect.objectContaining({ type: 'settle', status: 'cancelled' }))
    expect(play(state, [exited(1, 0)]).state).toMatchObject({ process: 'offline', wants: 'offline' })
  })

  test('a stop during the launch aborts it, and stops the process that came through anyway', () => {
    const { state, kinds } = play(installed, [power('start'), power('stop')])
    expect(kinds).toContain('abort-launch')
    expect(state.process).toBe('stopping')
    expect(play(state, [launched(1)]).kinds).toContain('stop')
    expect(play(state, [{ type: 'launch-failed', run: 1, error, at: 1 }]).state.process).toBe('offline')
  })

  test('a kill during the launch kills the process that came through anyway', () => {
    const { state } = play(installed, [power('start'), power('kill')])
    expect(play(state, [launched(1)]).kinds).toContain('kill')
    expect(play(state, [launched(1), exited(1, 137)]).state).toMatchObject({
      process: 'offline',
      exit: { reason: 'killed' },
      timers: {},
    })
  })

  test('a kill is repeated until the process has ended', () => {
    const { state } = play(running, [power('kill', 100)])
    expect(play(state, [{ type: 'timer', timer: 'kill-retry', at: 6_000 }]).kinds).toContain('kill')
  })

  test('a failed start by a person is final; its operation gets the reason', () => {
    const { state, last } = play(installed, [power('start'), { type: 'launch-failed', run: 1, error, at: 1 }])
    expect(state).toMatchObject({ process: 'offline', wants: 'offline' })
    expect(last).toContainEqual(expect.objectContaining({ type: 'settle', status: 'failed', error }))
  })

  test('typing the stop command in the console is a stop, not a crash', () => {
    const { state } = play(running, [{ type: 'stop-typed', at: 1 }, exited(1, 1)])
    expect(state).toMatchObject({ process: 'offline', exit: { reason: 'stopped' } })
  })

  test.each(['none', 'failed', 'installing'] as const)(
    'a start is refused while the install state is %s',
    (install) => {
      const { state, kinds } = play({ ...installed, install }, [power('start')])
      expect(kinds).toEqual(['reject'])
      expect(state.process).toBe('offline')
    },
  )

  test('nothing starts while the agent only attaches', () => {
    expect(play(installed, [power('start')], { ...settings, mayStart: false }).kinds).toEqual(['reject'])
  })
})

describe('stop timeout', () => {
  test('offers a kill first, and kills when the limit is reached', () => {
    const { state } = play(running, [power('stop', 0)])
    expect(play(state, [{ type: 'timer', timer: 'stop-offer', at: 30_000 }]).kinds).toEqual([
      'clear-timer',
      'offer-kill',
    ])
    expect(play(state, [{ type: 'timer', timer: 'stop-kill', at: 600_000 }]).kinds).toContain('kill')
  })

  test('a timer that fires too early or twice does nothing', () => {
    const { state } = play(running, [power('stop', 0)])
    expect(play(state, [{ type: 'timer', timer: 'stop-kill', at: 10 }]).kinds).toEqual([])
    expect(play(installed, [{ type: 'timer', timer: 'stop-kill', at: 1e9 }]).kinds).toEqual([])
  })

  test('without a kill limit a stop waits for ever', () => {
    const { state } = play(running, [power('stop', 0)], { ...settings, stopKillMs: null })
    expect(Object.keys(state.timers)).toEqual(['stop-offer'])
  })
})

describe('crashes', () => {
  test('each restart waits twice as long, and after the limit the server stays offline', () => {
    const first = play(running, [exited(1, 1, { at: 1_000 })])
    expect(first.last).toContainEqual(expect.objectContaining({ type: 'crashed', restartAt: 2_000 }))
    const second = play(first.state, [
      { type: 'timer', timer: 'crash-restart', at: 2_000 },
      launched(2),
      exited(2, 1, { at: 3_000 }),
    ])
    expect(second.last).toContainEqual(expect.objectContaining({ type: 'crashed', restartAt: 5_000 }))
    const third = play(second.state, [
      { type: 'timer', timer: 'crash-restart', at: 5_000 },
      launched(3),
      exited(3, 1, { at: 6_000 }),
    ])
    expect(third.last).toContainEqual(expect.objectContaining({ type: 'crashed', restartAt: null }))
    expect(third.state.wants).toBe('offline')
  })

  test('crashes outside the window do not count', () => {
    const { state } = play({ ...running, crashes: [1, 2] }, [exited(1, 1, { at: 100_000 })])
    expect(state.timers['crash-restart']).toBe(101_000)
  })

  test('a clean exit is no crash unless the policy says so', () => {
    expect(play(running, [exited(1, 0)]).state.exit?.reason).toBe('finished')
    const strict = { ...settings, crashPolicy: { ...settings.crashPolicy, treatCleanExitAsCrash: true } }
    expect(play(running, [exited(1, 0)], strict).state.exit?.reason).toBe('crashed')
  })

  test('running out of memory is a crash even with exit code 0', () => {
    expect(play(running, [exited(1, 0, { oomKilled: true })]).state.exit).toMatchObject({
      reason: 'crashed',
      oomKilled: true,
    })
  })

  test('an interruption is no crash: the server is started again at once', () => {
    const { state, kinds } = play(running, [exited(1, 137, { isInterrupted: true })])
    expect(kinds).not.toContain('crashed')
    expect(state).toMatchObject({ process: 'starting', run: 2, crashes: [], exit: { reason: 'interrupted' } })
  })

  test('a stop during the back-off cancels the restart', () => {
    const { state } = play(running, [exited(1, 1), power('stop')])
    expect(state).toMatchObject({ process: 'offline', timers: {}, wants: 'offline' })
  })
})

describe('holds, deletion, installation', () => {
  test('a hold stops a running server, kills it after the timeout, and forbids every start', () => {
    const { state, kinds } = play(running, [{ type: 'holds', holds: ['billing'], at: 0 }])
    expect(kinds).toContain('stop')
    expect(state.timers['stop-kill']).toBe(30_000)
    expect(play(state, [exited(1, 0), power('start')]).kinds).toEqual(['reject'])
  })

  test('lifting the hold starts nothing by itself', () => {
    const { state } = play(running, [
      { type: 'holds', holds: ['billing'], at: 0 },
      exited(1, 0),
      { type: 'holds', holds: [], at: 1 },
    ])
    expect(state).toMatchObject({ process: 'offline', wants: 'offline' })
  })

  test('a reinstall stops the server first, then installs, then starts if asked to', () => {
    const stopping = play(running, [{ type: 'install', operation: 'i', startWhenInstalled: true, at: 0 }])
    expect(stopping.state).toMatchObject({ process: 'stopping', install: 'installed' })
    const installing = play(stopping.state, [exited(1, 0)])
    expect(installing.kinds).toContain('begin-install')
    const end = play(installing.state, [
      { type: 'install-ended', operation: 'i', status: 'succeeded', error: null, at: 1 },
    ])
    expect(end.kinds).toContain('launch')
  })

  test('a failed installation starts nothing', () => {
    const { state } = play(initialLifecycle(), [
      { type: 'install', operation: 'i', startWhenInstalled: true, at: 0 },
      { type: 'install-ended', operation: 'i', status: 'failed', error, at: 1 },
    ])
    expect(state).toMatchObject({ process: 'offline', install: 'failed' })
  })

  test('a deletion kills and forbids everything after it', () => {
    const { state, kinds } = play(running, [{ type: 'delete', at: 0 }])
    expect(kinds).toContain('kill')
    expect(play(state, [exited(1, 137), power('start')]).kinds).toEqual(['reject'])
  })
})

describe('after a restart of the agent', () => {
  const observed = (isRunning: boolean, more: { code?: number; isInterrupted?: boolean } = {}): LifecycleInput => {
    return {
      type: 'observed',
      isRunning,
      startedAt: 5,
      code: null,
      oomKilled: false,
      isInterrupted: false,
      at: 9,
      ...more,
    }
  }

  test('a process that still runs keeps its run and state', () => {
    expect(play(running, [observed(true)]).state).toMatchObject({ process: 'running', run: 1 })
  })
  test('a process that ended meanwhile is judged like any end', () => {
    expect(play(running, [observed(false, { code: 1 })]).kinds).toContain('crashed')
    expect(play(running, [observed(false, { isInterrupted: true })]).kinds).toContain('launch')
  })
  test('a launch that was cut off is adopted when it came through, and repeated when not', () => {
    const { state } = play(installed, [power('start')])
    expect(play(state, [observed(true)]).state).toMatchObject({ process: 'starting', isLaunching: false, run: 1 })
    expect(play(state, [observed(false)]).state).toMatchObject({ process: 'starting', isLaunching: true, run: 2 })
  })
  test('an unfinished stop, kill or installation goes on', () => {
    expect(play(play(running, [power('stop')]).state, [observed(true)]).kinds).toContain('stop')
    expect(play(play(running, [power('kill')]).state, [observed(true)]).kinds).toContain('kill')
    const installing = play(initialLifecycle(), [{ type: 'install', operation: 'i', startWhenInstalled: false, at: 0 }])
    expect(play(installing.state, [observed(false)]).kinds).toContain('begin-install')
  })
  test('a process that should not exist under a hold is stopped', () => {
    expect(play({ ...installed, holds: ['abuse'] }, [observed(true)]).kinds).toContain('stop')
  })
})
