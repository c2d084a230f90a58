import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { HatcheryError } from '../hatchery-error.ts'
import { FakePanel } from './fake-panel.ts'
import { createLiveClient, type LiveClientOptions } from './live-client.ts'
import { liveUrl } from './socket.ts'

const CONSOLE = 'server-console:2a51f1a8'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function setUp(options: Partial<LiveClientOptions> = {}) {
  const panel = new FakePanel()
  const statuses: string[] = []
  const live = createLiveClient({
    url: 'http://panel.test',
    WebSocket: panel.SocketClass,
    random: () => 1,
    onStatus: (status) => statuses.push(status),
    ...options,
  })
  return { panel, live, statuses }
}

/** Carries everything that is under way, with the client's own reactions in between. */
async function settle(panel: FakePanel): Promise<void> {
  for (let idle = 0; idle < 2; idle += 1) {
    while (panel.step()) await vi.advanceTimersByTimeAsync(0)
    await vi.advanceTimersByTimeAsync(0)
  }
}

/** Lets the pause before the next connection pass. */
async function reconnect(panel: FakePanel): Promise<void> {
  for (let second = 0; second < 17; second += 1) {
    await settle(panel)
    await vi.advanceTimersByTimeAsync(1000)
  }
  await settle(panel)
}

function watchConsole(live: ReturnType<typeof setUp>['live']) {
  const seen: number[] = []
  const subscription = live.subscribe(CONSOLE, ({ lines }) => seen.push(...lines.map(({ line }) => line)))
  return { seen, subscription }
}

/** Code a promise is rejected with; listens at once, so that a rejection in between is not unhandled. */
function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: HatcheryError) => error.code,
  )
}

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

describe('a connection', () => {
  test('opens with the first subscription, proves itself by key, and says how it is', async () => {
    const { panel, live, statuses } = setUp({ key: 'hk_abc' })
    expect(live.status).toBe('closed')
    const { subscription } = watchConsole(live)
    await settle(panel)
    await expect(subscription.ready).resolves.toBeUndefined()
    panel.socket?.drop()
    await reconnect(panel)
    live.close()
    expect(statuses).toEqual(['connecting', 'open', 'reconnecting', 'open', 'closed'])
    expect(panel.headers[0]).toEqual({ headers: { authorization: 'Bearer hk_abc' } })
  })

  test('is tried again after growing pauses, shortened by chance', async () => {
    const { panel, live } = setUp({ baseDelayMs: 1000, maxDelayMs: 4000 })
    watchConsole(live)
    const pauses: number[] = []
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const before = Date.now()
      panel.socket?.drop()
      const count = panel.sockets.length
      while (panel.sockets.length === count) await vi.advanceTimersByTimeAsync(100)
      pauses.push(Date.now() - before)
    }
    expect(pauses).toEqual([1000, 2000, 4000, 4000])

    const other = setUp({ baseDelayMs: 1000, random: () => 0 })
    watchConsole(other.live)
    other.panel.socket?.drop()
    await vi.advanceTimersByTimeAsync(499)
    expect(other.panel.sockets).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(other.panel.sockets).toHaveLength(2)
  })

  test('can be tried at once, for example when the device is back on line', async () => {
    const { panel, live } = setUp()
    watchConsole(live)
    panel.socket?.drop()
    live.reconnect()
    expect(panel.sockets).toHaveLength(2)
    live.reconnect()
    expect(panel.sockets).toHaveLength(2)
  })

  test('that falls silent is replaced', async () => {
    const { panel, live, statuses } = setUp({ pingIntervalMs: 20_000, answerTimeoutMs: 5000 })
    const { seen } = watchConsole(live)
    await settle(panel)
    panel.isSilent = true
    await vi.advanceTimersByTimeAsync(25_000)
    expect(statuses.at(-1)).toBe('reconnecting')
    panel.isSilent = false
    panel.print('while nobody heard')
    await reconnect(panel)
    expect(seen).toEqual([1])
  })

  test('that never says hello is replaced', async () => {
    const { panel, live } = setUp({ answerTimeoutMs: 5000 })
    panel.isSilent = true
    watchConsole(live)
    await vi.advanceTimersByTimeAsync(6000)
    expect(panel.sockets.length).toBeGreaterThan(1)
  })

  test.each(['by its close code', 'in a message'])(
    'that ends because the sign-in ended, told %s, is not tried again',
    async (how) => {
      let count = 0
      const { panel, live, statuses } = setUp({ onUnauthorized: () => (count += 1) })
      const ended = vi.fn<(value: unknown) => void>()
      live.subscribe('servers', () => undefined, { onEnd: ended })
      await settle(panel)
      const error = { code: 'NOT_SIGNED_IN', message: 'Sign in.' }
      if (how === 'in a message') panel.socket?.tell({ type: 'error', id: null, error })
      else panel.socket?.drop(4401)
      await settle(panel)
      await vi.advanceTimersByTimeAsync(60_000)
      expect(panel.sockets).toHaveLength(1)
      expect(statuses.at(-1)).toBe('closed')
      expect(count).toBe(1)
      expect(ended).toHaveBeenCalledWith(expect.objectContaining({ code: 'NOT_SIGNED_IN' }))
    },
  )

  test('what a replaced socket still says is ignored', async () => {
    const { panel, live } = setUp()
    const { seen } = watchConsole(live)
    await settle(panel)
    const old = panel.socket
    old?.drop()
    await reconnect(panel)
    panel.print('one')
    await settle(panel)
    while (old?.carry());
    expect(seen).toEqual([1])
  })
})

describe('events', () => {
  test('come once and in order, wherever the connection breaks', async () => {
    let cutsMade = 0
    for (let cut = 0; cut < 40; cut += 1) {
      const { panel, live } = setUp()
      const { seen } = watchConsole(live)
      for (let moment = 0; moment < 40; moment += 1) {
        if (moment % 3 === 0) panel.print(`line ${moment}`)
        if (moment === cut) {
          panel.socket?.drop()
          cutsMade += 1
          await vi.advanceTimersByTimeAsync(1000)
        }
        panel.step()
        await vi.advanceTimersByTimeAsync(0)
      }
      await reconnect(panel)
      // A topic starts with the newest lines; from the first one that came on, each comes exactly once.
      expect(seen, `cut at ${cut}`).toEqual(upTo(14).slice((seen[0] ?? 1) - 1))
      expect(seen.length).toBeGreaterThanOrEqual(5)
      live.close()
    }
    expect(cutsMade).toBe(40)
  })

  test('come once and in order under any series of breaks, also from a panel that repeats the last one', async () => {
    const moment = fc.constantFrom('print', 'carry', 'carry', 'carry', 'break', 'pause')
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { maxLength: 80 }), fc.boolean(), async (moments, isInclusive) => {
        const { panel, live } = setUp()
        panel.isInclusive = isInclusive
        panel.snapshotSize = 1000
        const { seen } = watchConsole(live)
        for (const what of moments) {
          if (what === 'print') panel.print('x')
          if (what === 'carry') panel.step()
          if (what === 'break') panel.socket?.drop()
          await vi.advanceTimersByTimeAsync(what === 'pause' ? 15_000 : 0)
        }
        await reconnect(panel)
        live.close()
        expect(seen).toEqual(upTo(panel.lines.length))
      }),
      { numRuns: 300 },
    )
  })

  test('are lost when a client does not resume: the check above can fail', async () => {
    const { panel, live } = setUp()
    panel.snapshotSize = 2
    const { seen, subscription } = watchConsole(live)
    panel.print('a')
    await settle(panel)
    subscription.unsubscribe()
    await settle(panel)
    for (const text of ['b', 'c', 'd']) panel.print(text)
    const later = watchConsole(live)
    await settle(panel)
    expect([...seen, ...later.seen]).toEqual([1, 3, 4])
  })

  test('go on from a cursor that the caller brings', async () => {
    const { panel, live } = setUp()
    for (const text of ['a', 'b', 'c']) panel.print(text)
    const seen: number[] = []
    const subscription = live.subscribe(CONSOLE, ({ lines }) => seen.push(...lines.map(({ line }) => line)), {
      cursor: '1:1',
    })
    await settle(panel)
    expect(seen).toEqual([2, 3])
    expect(subscription.cursor).toBe('1:3')
  })

  test('start again with a snapshot when too much was missed', async () => {
    const { panel, live } = setUp()
    const shown: (number | 'cleared')[] = []
    live.subscribe(CONSOLE, ({ lines }) => shown.push(...lines.map(({ line }) => line)), {
      onResync: () => shown.push('cleared'),
    })
    panel.print('a')
    await settle(panel)
    panel.socket?.drop()
    for (let line = 0; line < 20; line += 1) panel.print('missed')
    panel.oldestLine = 10
    await reconnect(panel)
    expect(shown).toEqual([1, 'cleared', 17, 18, 19, 20, 21])
  })

  test('of a state are handed on even when a panel tells them again at the same place', async () => {
    const { panel, live } = setUp()
    const seen: string[] = []
    live.subscribe('server:2a51f1a8', ({ state }) => seen.push(state))
    const tell = (state: string) =>
      panel.socket?.tell({ type: 'event', topic: 'server:2a51f1a8', cursor: 'log:7', event: { state } })
    await settle(panel)
    tell('running')
    await settle(panel)
    panel.socket?.drop()
    await reconnect(panel)
    tell('offline')
    await settle(panel)
    expect(seen).toEqual(['running', 'offline'])
    expect(panel.requests.at(-1)).toMatchObject({ type: 'subscribe', cursor: 'log:7' })
  })

  test('reach every handler of a topic over one subscription, and one that throws disturbs no other', async () => {
    const errors: unknown[] = []
    const { panel, live } = setUp({ onHandlerError: (error) => errors.push(error) })
    live.subscribe(CONSOLE, () => {
      throw new Error('bad handler')
    })
    const { seen } = watchConsole(live)
    await settle(panel)
    panel.print('a')
    await settle(panel)
    expect(seen).toEqual([1])
    expect(errors).toHaveLength(1)
    expect(panel.requests.filter(({ type }) => type === 'subscribe')).toHaveLength(1)
  })

  test('end with the last handler, and one that comes right after gets a fresh snapshot without the old rest', async () => {
    const { panel, live } = setUp()
    const first = watchConsole(live)
    panel.print('a')
    await settle(panel)
    panel.print('b')
    first.subscription.unsubscribe()
    const second = watchConsole(live)
    await settle(panel)
    expect(first.seen).toEqual([1])
    expect(second.seen).toEqual([1, 2])
    expect(panel.requests.map(({ type }) => type)).toEqual(['subscribe', 'unsubscribe', 'subscribe'])
    second.subscription.unsubscribe()
    panel.socket?.drop()
    await reconnect(panel)
    expect(panel.requests).toHaveLength(3)
  })
})

describe('access', () => {
  test('a refused topic ends with the reason', async () => {
    const { panel, live } = setUp()
    panel.refusals.push({ code: 'PERMISSION_DENIED', message: 'You need control.console.' })
    const ended = vi.fn<(value: unknown) => void>()
    const subscription = live.subscribe(CONSOLE, () => undefined, { onEnd: ended })
    const refused = codeOf(subscription.ready)
    await settle(panel)
    expect(await refused).toBe('PERMISSION_DENIED')
    expect(ended).toHaveBeenCalledOnce()
    panel.socket?.drop()
    await reconnect(panel)
    expect(panel.requests).toHaveLength(1)
  })

  test('a refusal that time heals is asked again', async () => {
    const { panel, live } = setUp()
    panel.refusals.push({ code: 'NODE_UNREACHABLE', message: 'Node n1 is not connected.' })
    const { seen } = watchConsole(live)
    await settle(panel)
    panel.print('a')
    await vi.advanceTimersByTimeAsync(1000)
    await settle(panel)
    expect(seen).toEqual([1])
  })

  test('revoked access ends the topic and nothing comes after it', async () => {
    const { panel, live } = setUp()
    const ended = vi.fn<(value: unknown) => void>()
    const seen = vi.fn<(value: unknown) => void>()
    live.subscribe(CONSOLE, seen, { onEnd: ended })
    await settle(panel)
    panel.socket?.tell({ type: 'revoked', topic: CONSOLE, code: 'PERMISSION_DENIED' })
    panel.print('secret')
    await settle(panel)
    panel.socket?.drop()
    await reconnect(panel)
    expect(ended).toHaveBeenCalledWith(expect.objectContaining({ code: 'PERMISSION_DENIED' }))
    expect(seen).not.toHaveBeenCalled()
    expect(panel.requests).toHaveLength(1)
  })
})

describe('a command', () => {
  test('waits for the connection and is answered', async () => {
    const { panel, live } = setUp()
    const answer = live.command('2a51f1a8', 'say hi')
    await settle(panel)
    await expect(answer).resolves.toBeUndefined()
    expect(panel.requests).toMatchObject([{ type: 'command', server: '2a51f1a8', command: 'say hi' }])
  })

  test('is never sent twice: when the connection breaks before the answer, nobody knows and it says so', async () => {
    const { panel, live } = setUp()
    watchConsole(live)
    await settle(panel)
    const answer = live.command('2a51f1a8', 'give diamonds')
    const lost = codeOf(answer)
    await vi.advanceTimersByTimeAsync(0)
    panel.step()
    panel.socket?.drop()
    await reconnect(panel)
    expect(await lost).toBe('CONNECTION_LOST')
    expect(panel.requests.filter(({ type }) => type === 'command')).toHaveLength(1)
  })

  test('that is refused rejects with the panel’s code', async () => {
    const { panel, live } = setUp()
    panel.refusals.push({ code: 'SERVER_NOT_RUNNING', message: 'Start it first.' })
    const answer = codeOf(live.command('2a51f1a8', 'x'))
    await settle(panel)
    expect(await answer).toBe('SERVER_NOT_RUNNING')
  })

  test('without any connection is given up in time, and at once when the client is closed', async () => {
    const { panel, live } = setUp({ answerTimeoutMs: 5000 })
    panel.isSilent = true
    const answer = codeOf(live.command('2a51f1a8', 'x'))
    await vi.advanceTimersByTimeAsync(5000)
    expect(await answer).toBe('NETWORK')
    const waiting = codeOf(live.command('2a51f1a8', 'y'))
    live.close()
    expect(await waiting).toBe('CLOSED')
    await expect(live.command('2a51f1a8', 'z')).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(watchConsole(live).subscription.ready).rejects.toMatchObject({ code: 'CLOSED' })
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('the address follows the panel’s, prefix and TLS included', () => {
  expect(liveUrl('https://panel.test/hosting/')).toBe('wss://panel.test/hosting/api/v1/live')
  expect(liveUrl('http://127.0.0.1:8080')).toBe('ws://127.0.0.1:8080/api/v1/live')
})
