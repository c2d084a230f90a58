import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LifecycleState } from './lifecycle.ts'
import { HAPPENINGS, LifecycleWorld, type Happening, type Reducer } from './lifecycle-world.ts'
import { reduceLifecycle } from './reduce-lifecycle.ts'

const common = HAPPENINGS.filter((what) => what !== 'delete' && what !== 'hold')
const happenings = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...common) },
  // What makes a server live long enough to be worth watching.
  {
    weight: 15,
    arbitrary: fc.constantFrom<Happening[]>('start', 'launch-comes-through', 'lift-hold', 'install-succeeds'),
  },
  { weight: 2, arbitrary: fc.constant<Happening>('hold') },
  { weight: 1, arbitrary: fc.constant<Happening>('delete') },
)
const histories = fc.array(happenings, { minLength: 1, maxLength: 80, size: 'max' })

function live(reduce: Reducer, history: readonly Happening[]): void {
  const world = new LifecycleWorld(reduce)
  for (const what of history) world.happen(what)
  world.endByKill()
}

/** The broken reducer, if some history exposes it. */
function findBreak(reduce: Reducer): string | null {
  const result = fc.check(
    fc.property(histories, (history) => live(reduce, history)),
    { numRuns: 10_000, seed: 7 },
  )
  return result.failed ? String(result.errorInstance) : null
}

test('10,000 random histories agree with the oracle, and a kill always ends offline', () => {
  fc.assert(
    fc.property(histories, (history) => live(reduceLifecycle, history)),
    { numRuns: 10_000 },
  )
}, 60_000)

describe('negative control: the oracle notices a reducer that', () => {
  const broken: Record<string, Reducer> = {
    'starts under a hold': (state, input, settings) => {
      const lifted: LifecycleState = input.type === 'power' ? { ...state, holds: [] } : state
      return reduceLifecycle(lifted, input, settings)
    },
    'starts again what still stops': (state, input, settings) => {
      const isStart = input.type === 'power' && input.action === 'start' && state.process === 'stopping'
      return reduceLifecycle(isStart ? { ...state, process: 'offline', isLaunching: false } : state, input, settings)
    },
    'forgets a kill during the launch': (state, input, settings) => {
      const isLate = input.type === 'launched' && state.isKilling
      return reduceLifecycle(isLate ? { ...state, isKilling: false, process: 'starting' } : state, input, settings)
    },
    'restarts what was stopped during the back-off': (state, input, settings) => {
      const next = reduceLifecycle(state, input, settings)
      const timers = { ...next.state.timers, 'crash-restart': 1 }
      return input.type === 'power' && input.action === 'stop' ? { ...next, state: { ...next.state, timers } } : next
    },
    'loses an operation that waits': (state, input, settings) => {
      const next = reduceLifecycle(state, input, settings)
      return input.type === 'exited' ? { ...next, effects: next.effects.filter(({ type }) => type !== 'settle') } : next
    },
  }
  test.each(Object.entries(broken))('%s', (_name, reduce) => {
    expect(findBreak(reduce)).toContain('Broken:')
  })
})
