import { acceptAgent, type AcceptOptions } from './accept-agent.ts'
import { connectToPanel, type ConnectOptions } from './connect-to-panel.ts'
import { memoryOutbox } from './memory-outbox.ts'
import type { AgentHello, AgentSession, PanelHello, PanelSession } from './session.ts'
import { socketPair, type SocketPair, type SocketPairOptions } from './socket-pair.ts'
import type { Timers } from './timers.ts'

/** Timers that run only when a test lets time pass. */
export function manualTimers(): Timers & { advance(ms: number): Promise<void>; readonly pending: number } {
  let time = 0
  const due = new Set<{ readonly at: number; readonly callback: () => void }>()
  return {
    get pending() {
      return due.size
    },
    after(delayMs, callback) {
      const timer = { at: time + delayMs, callback }
      due.add(timer)
      return () => due.delete(timer)
    },
    async advance(ms) {
      const end = time + ms
      for (;;) {
        await settle()
        const [next] = [...due].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)
        if (!next) break
        due.delete(next)
        time = next.at
        next.callback()
      }
      time = end
    },
  }
}

/** Lets everything happen that needs no timer. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export const NODE = '018f2f6e-0000-7000-8000-000000000001'
export const SERVER = '6f0c1c9a-3e0a-4b5e-9d43-0a4c6b1f2d3e'
export const SECRET = new Uint8Array(32).fill(7)

export const agentHello = (change: Partial<AgentHello> = {}): AgentHello => ({
  installation: 'installation-1',
  highestGeneration: { epoch: 1, n: 4 },
  incarnation: 'incarnation-1',
  acknowledgedSeq: 0,
  host: {
    agentVersion: '0.1.0',
    runtime: 'docker',
    isolated: true,
    capabilities: { exec: true },
    hostname: 'node-1',
    os: 'Debian GNU/Linux 12',
    kernel: '6.1.0',
    architecture: 'x64',
    cpuCount: 8,
    memoryMiB: 16_384,
    diskMiB: 500_000,
    clockOffsetMs: 0,
  },
  ...change,
})

export const panelHello = (change: Partial<PanelHello> = {}): PanelHello => ({
  node: NODE,
  panelEpoch: 1,
  sessionEpoch: 12,
  storedSeq: 0,
  wantsSnapshot: false,
  isRecovery: false,
  ...change,
})

export const acceptOptions = (change: Partial<AcceptOptions> = {}): AcceptOptions => ({
  panel: { name: 'Test panel', version: '0.1.0', features: ['console'] },
  now: () => 1_700_000_000_000,
  findSecret: async (node, keyId) => (node === NODE && keyId === 'key-1' ? SECRET : null),
  onHello: async () => panelHello(),
  handlers: () => ({ onEvents: async () => {}, onEphemeral: () => {} }),
  ...change,
})

export const connectOptions = (change: Partial<ConnectOptions> = {}): ConnectOptions => {
  const outbox = change.outbox ?? memoryOutbox()
  return {
    node: NODE,
    keyId: 'key-1',
    secret: SECRET,
    agent: { version: '0.1.0', features: ['console', 'later'] },
    now: () => 1_700_000_000_000,
    hello: () => agentHello({ incarnation: outbox.incarnation, acknowledgedSeq: outbox.acknowledgedSeq }),
    outbox,
    handlers: {},
    ...change,
  }
}

export interface TestLink extends AsyncDisposable {
  readonly panel: PanelSession
  readonly agent: AgentSession
  readonly pair: SocketPair
}

export interface TestLinkOptions {
  readonly accept?: Partial<AcceptOptions>
  readonly connect?: Partial<ConnectOptions>
  readonly pair?: SocketPairOptions
}

/** A panel and an agent that have shaken hands over a pair of sockets: `a` is the panel's, `b` the agent's. */
export async function openLink({ accept, connect, pair: pairOptions }: TestLinkOptions = {}): Promise<TestLink> {
  const pair = socketPair(pairOptions)
  const [panel, agent] = await Promise.all([
    acceptAgent(pair.a, NODE, acceptOptions(accept)),
    connectToPanel(pair.b, connectOptions(connect)),
  ])
  return {
    panel,
    agent,
    pair,
    async [Symbol.asyncDispose]() {
      panel.close('the test is over')
      agent.close('the test is over')
      await Promise.all([panel.closed, agent.closed])
    },
  }
}

/** What a promise rejects with; ask for it before the rejection can come. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('value' in outcome) throw new Error('it was expected to reject')
  return outcome.error
}

/** Both outcomes of a handshake: the sessions, or the errors. */
export async function tryLink(options: TestLinkOptions = {}): Promise<[panel: unknown, agent: unknown]> {
  const pair = socketPair(options.pair)
  const [panel, agent] = await Promise.allSettled([
    acceptAgent(pair.a, NODE, acceptOptions(options.accept)),
    connectToPanel(pair.b, connectOptions(options.connect)),
  ])
  for (const outcome of [panel, agent]) if (outcome.status === 'fulfilled') outcome.value.close('the test is over')
  const outcomeOf = (result: PromiseSettledResult<unknown>) =>
    result.status === 'fulfilled' ? result.value : result.reason
  return [outcomeOf(panel), outcomeOf(agent)]
}
