import { expect, test } from 'vitest'
import { acceptAgent } from './accept-agent.ts'
import { runAgentLink, type AgentLinkOptions } from './agent-link.ts'
import type { AgentSession, PanelSession } from './session.ts'
import { socketPair, type SocketPair } from './socket-pair.ts'
import { NODE, acceptOptions, connectOptions, manualTimers, settle } from './test-link.ts'

/** An agent that keeps connecting to a panel which can be switched off. */
function runLink(change: Partial<AgentLinkOptions> = {}) {
  const timers = manualTimers()
  const controller = new AbortController()
  const pairs: SocketPair[] = []
  const panels: PanelSession[] = []
  const sessions: AgentSession[] = []
  const delays: number[] = []
  const state = { isPanelUp: true, attempts: 0 }
  const done = runAgentLink({
    ...connectOptions({ timers }),
    random: () => 1,
    signal: controller.signal,
    async open() {
      state.attempts++
      if (!state.isPanelUp) throw new Error('connection refused')
      const pair = socketPair()
      pairs.push(pair)
      void acceptAgent(pair.a, NODE, acceptOptions({ timers })).then(
        (session) => panels.push(session),
        () => {},
      )
      return pair.b
    },
    onSession: (session) => void sessions.push(session),
    onError: (_error, delayMs) => void delays.push(delayMs),
    ...change,
  })
  return { timers, controller, pairs, panels, sessions, delays, state, done }
}

test('comes back after the connection was cut', async () => {
  const link = runLink()
  await settle()
  expect(link.sessions).toHaveLength(1)
  link.pairs[0]?.cut()
  await link.timers.advance(1_000)

  expect(link.sessions).toHaveLength(2)
  link.controller.abort()
  await link.done
})

test('waits twice as long after each failure, up to thirty seconds', async () => {
  const link = runLink()
  link.state.isPanelUp = false
  link.pairs[0]?.cut()
  await settle()
  link.pairs[0]?.cut()
  await link.timers.advance(200_000)

  expect(link.delays.slice(0, 9)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  link.controller.abort()
  await link.done
})

test('starts small again after a session that has lasted, not after one that broke at once', async () => {
  const link = runLink()
  const cut = async () => {
    link.pairs.at(-1)?.cut()
    await settle()
  }
  await settle()
  await cut()
  await link.timers.advance(500)
  await cut()
  await link.timers.advance(1000)
  expect(link.sessions).toHaveLength(3)
  await link.timers.advance(10_000)
  await cut()

  expect(link.delays).toEqual([500, 1000, 500])
  link.controller.abort()
  await link.done
})

test('draws the pause at random, so that a thousand agents do not return at once', async () => {
  const link = runLink({ random: () => 0.25 })
  link.state.isPanelUp = false
  await settle()
  link.pairs[0]?.cut()
  await settle()

  expect(link.delays).toEqual([125])
  link.controller.abort()
  await link.done
})

test.each(['while it is connected', 'while it waits'])('stops %s, and leaves nothing behind', async (when) => {
  const link = runLink()
  await settle()
  if (when === 'while it waits') {
    link.state.isPanelUp = false
    link.pairs[0]?.cut()
    await settle()
  }
  link.controller.abort()
  await link.done
  await settle()

  expect(link.timers.pending).toBe(0)
  expect(await link.panels[0]?.closed).toBe(when === 'while it waits' ? 'the connection was cut' : 'the agent stops')
})

test('stops in the middle of a handshake', async () => {
  const pair = socketPair()
  const link = runLink({ open: async () => pair.b })
  await settle()
  link.controller.abort()
  await link.done

  expect(link.sessions).toHaveLength(0)
  expect(link.timers.pending).toBe(0)
})

test('an attempt to open a socket that hangs is given up, and a late socket is closed', async () => {
  const late = Promise.withResolvers<SocketPair['a']>()
  const signals: AbortSignal[] = []
  const link = runLink({
    open(signal) {
      signals.push(signal)
      return late.promise
    },
  })
  await link.timers.advance(20_000)
  expect(link.delays).toEqual([500])
  expect(signals[0]?.aborted).toBe(true)
  const pair = socketPair()
  const closes: string[] = []
  pair.a.onClose((_code, reason) => void closes.push(reason))
  link.controller.abort()
  await link.done
  expect(link.timers.pending).toBe(0)
  late.resolve(pair.b)
  await settle()

  expect(closes).toEqual(['it took too long'])
})

test('a session whose user throws is closed and opened again', async () => {
  let isBroken = true
  const link = runLink({
    onSession() {
      if (isBroken) throw new Error('bug')
    },
  })
  await settle()
  expect(link.delays).toHaveLength(1)
  isBroken = false
  await link.timers.advance(500)
  expect(link.panels).toHaveLength(2)
  expect(await link.panels[0]?.closed).toBe('the link has ended')

  link.controller.abort()
  await link.done
})
