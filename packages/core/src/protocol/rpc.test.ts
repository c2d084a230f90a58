import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { AppError } from '../errors/index.ts'
import type { AgentParams } from './methods.ts'
import type { PanelSession } from './session.ts'
import { SERVER, manualTimers, openLink, rejectionOf, settle } from './test-link.ts'

const STATS = { state: 'running', stats: null } as const

/** A handler that answers when it is told to, and knows the signal of each call. */
function gate() {
  const calls: { readonly signal: AbortSignal; finish(): void; fail(error: unknown): void }[] = []
  return {
    calls,
    handler: (_params: unknown, signal: AbortSignal) =>
      new Promise<typeof STATS>((resolve, reject) => {
        calls.push({ signal, finish: () => resolve(STATS), fail: reject })
      }),
  }
}

describe('deadlines and cancellation', () => {
  test('a call that is not answered in time fails, and the handler is told to stop', async () => {
    const timers = manualTimers()
    const stats = gate()
    await using link = await openLink({
      accept: { timers },
      connect: { handlers: { 'server.stats': stats.handler } },
    })
    const call = link.panel.call('server.stats', { server: SERVER }, { deadlineMs: 700 })
    const rejection = rejectionOf(call)
    const expected = {
      code: 'DEADLINE_EXCEEDED',
      details: { method: 'server.stats', deadlineMs: 700 },
    }
    await timers.advance(700)
    expect(await rejection).toMatchObject(expected)
    await settle()

    expect(stats.calls[0]?.signal.aborted).toBe(true)
  })

  test('the agent stops a handler at the deadline even if the cancellation never arrives', async () => {
    const timers = manualTimers()
    const stats = gate()
    await using link = await openLink({ connect: { timers, handlers: { 'server.stats': stats.handler } } })
    void link.panel.call('server.stats', { server: SERVER }, { deadlineMs: 5_000 }).catch(() => {})
    await settle()
    await timers.advance(5_000)

    expect(stats.calls[0]?.signal.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  test('aborting a call cancels it on the agent and rejects at once', async () => {
    const stats = gate()
    await using link = await openLink({ connect: { handlers: { 'server.stats': stats.handler } } })
    const controller = new AbortController()
    const call = link.panel.call('server.stats', { server: SERVER }, { signal: controller.signal })
    await settle()
    controller.abort(new Error('the user has left'))

    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' })
    await settle()
    expect(stats.calls[0]?.signal.aborted).toBe(true)
  })

  test('an answer that comes after the deadline is ignored', async () => {
    const timers = manualTimers()
    const stats = gate()
    await using link = await openLink({ accept: { timers }, connect: { handlers: { 'server.stats': stats.handler } } })
    const late = link.panel.call('server.stats', { server: SERVER }, { deadlineMs: 10 }).catch(() => 'late')
    await timers.advance(10)
    expect(await late).toBe('late')
    stats.calls[0]?.finish()
    await settle()

    const next = link.panel.call('server.stats', { server: SERVER })
    await settle()
    stats.calls[1]?.finish()
    await expect(next).resolves.toEqual(STATS)
  })

  test('a call that was cancelled beforehand is never sent', async () => {
    const stats = gate()
    await using link = await openLink({ connect: { handlers: { 'server.stats': stats.handler } } })

    const call = link.panel.call('server.stats', { server: SERVER }, { signal: AbortSignal.abort() })
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' })
    await settle()
    expect(stats.calls).toHaveLength(0)
  })

  test('every call fails with CONNECTION_LOST when the connection is cut, and every handler is told', async () => {
    const stats = gate()
    await using link = await openLink({
      accept: { maxCalls: 3 },
      connect: { handlers: { 'server.stats': stats.handler } },
    })
    const calls = Array.from({ length: 5 }, () => link.panel.call('server.stats', { server: SERVER }))
    const outcomes = Promise.allSettled(calls)
    await settle()
    link.pair.cut()

    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CONNECTION_LOST' } })
    }
    expect(stats.calls).toHaveLength(3)
    expect(stats.calls.every((call) => call.signal.aborted)).toBe(true)
    await expect(link.panel.call('server.stats', { server: SERVER })).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })
})

describe('what is agreed is checked', () => {
  const callAnything = (panel: PanelSession, method: string, params: unknown) =>
    panel.call(method as 'server.stats', params as AgentParams<'server.stats'>)

  test.each(['server.teleport', 'toString', '__proto__'])('%s is no method', async (method) => {
    await using link = await openLink()
    await expect(callAnything(link.panel, method, {})).rejects.toMatchObject({ code: 'METHOD_UNKNOWN' })
  })

  test('a method that this agent does not implement is unknown', async () => {
    await using link = await openLink()
    await expect(link.panel.call('node.info', {})).rejects.toMatchObject({
      code: 'METHOD_UNKNOWN',
      details: { method: 'node.info' },
    })
  })

  test.each([[{ server: '../../etc' }], [{}], [null], ['x'], [{ server: 7 }]])(
    'params %j never reach the handler',
    async (params) => {
      const stats = gate()
      await using link = await openLink({ connect: { handlers: { 'server.stats': stats.handler } } })
      await expect(callAnything(link.panel, 'server.stats', params)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
      expect(stats.calls).toHaveLength(0)
    },
  )

  test('a result that is not what was agreed never reaches the caller', async () => {
    const answer = { state: 'flying', stats: null } as unknown as typeof STATS
    await using link = await openLink({ connect: { handlers: { 'server.stats': async () => answer } } })
    await expect(link.panel.call('server.stats', { server: SERVER })).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
    })
  })

  test('a bug in a handler is reported on the agent, and the caller learns nothing of it', async () => {
    const onFault = vi.fn<(error: unknown, where: string) => void>()
    const bug = new TypeError('secret of the agent')
    await using link = await openLink({
      connect: {
        onFault,
        handlers: {
          'server.stats': () => {
            throw bug
          },
        },
      },
    })
    const error = await link.panel.call('server.stats', { server: SERVER }).catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({ code: 'INTERNAL' })
    expect(JSON.stringify((error as AppError).toBody())).not.toContain('secret')
    expect(onFault).toHaveBeenCalledExactlyOnceWith(bug, 'server.stats')
  })
})

describe('size and number', () => {
  const lines = (count: number, width: number) =>
    Array.from({ length: count }, (_, line) => ({
      run: 1,
      line,
      at: 0,
      kind: 'out' as const,
      text: 'é'.repeat(width),
    }))
  const read = { server: SERVER, after: null, limit: 1000 }

  test('an answer of two megabytes arrives in frames of at most 64 KiB', async () => {
    const answer = { lines: lines(1000, 1000) }
    await using link = await openLink({ connect: { handlers: { 'console.read': async () => answer } } })

    await expect(link.panel.call('console.read', read)).resolves.toEqual(answer)
    expect(Math.max(...link.pair.log.map((message) => message.data.length))).toBe(65_536)
  })

  test('an answer over the limit fails alone; the connection stays', async () => {
    let width = 3000
    await using link = await openLink({
      connect: { handlers: { 'console.read': async () => ({ lines: lines(1000, width) }) } },
    })
    await expect(link.panel.call('console.read', read)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    width = 10
    await expect(link.panel.call('console.read', read)).resolves.toEqual({ lines: lines(1000, 10) })
  })

  test('every answer goes to its own call, whatever the sizes', async () => {
    await using link = await openLink({
      connect: { handlers: { 'console.read': async ({ limit }) => ({ lines: lines(limit, limit) }) } },
    })
    const sizes = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(sizes, async (limits) => {
        const answers = await Promise.all(limits.map((limit) => link.panel.call('console.read', { ...read, limit })))
        expect(answers.map((answer) => answer.lines.length)).toEqual(limits)
      }),
      { numRuns: 30 },
    )
  })

  test('answers that pile up are refused one by one, and the connection stays', async () => {
    await using link = await openLink({
      connect: { handlers: { 'console.read': async () => ({ lines: lines(1000, 1000) }) } },
    })
    let buffered = 300_000
    Object.defineProperty(link.pair.b, 'bufferedAmount', { get: () => buffered })
    const calls = Promise.allSettled(Array.from({ length: 12 }, () => link.panel.call('console.read', read)))
    await settle()
    buffered = 0
    const outcomes = await calls

    const refused = outcomes
      .filter((outcome) => outcome.status === 'rejected')
      .map((outcome) => outcome.reason as AppError)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThan(7)
    expect(new Set(refused.map((error) => error.code))).toEqual(new Set(['SERVICE_UNAVAILABLE']))
  })

  test('a deadline that is no whole number, or has no end, harms nothing', async () => {
    await using link = await openLink({ connect: { handlers: { 'server.stats': async () => STATS } } })
    for (const deadlineMs of [900.5, Number.POSITIVE_INFINITY, 2 ** 40]) {
      await expect(link.panel.call('server.stats', { server: SERVER }, { deadlineMs })).resolves.toEqual(STATS)
    }
  })

  test('a small answer overtakes a large one', async () => {
    const finished: string[] = []
    await using link = await openLink({
      pair: { fault: () => undefined },
      connect: {
        handlers: { 'console.read': async () => ({ lines: lines(1000, 1500) }), 'server.stats': async () => STATS },
      },
    })
    // Nothing leaves the agent's socket until both answers wait.
    let buffered = 300_000
    Object.defineProperty(link.pair.b, 'bufferedAmount', { get: () => buffered })
    const large = link.panel.call('console.read', read).then(() => finished.push('large'))
    const small = link.panel.call('server.stats', { server: SERVER }).then(() => finished.push('small'))
    await settle()
    buffered = 0
    await Promise.all([large, small])

    expect(finished).toEqual(['small', 'large'])
  })

  test('no more calls run at once than the session allows; the rest waits its turn', async () => {
    let running = 0
    let most = 0
    await using link = await openLink({
      accept: { maxCalls: 4 },
      connect: {
        handlers: {
          async 'server.stats'() {
            most = Math.max(most, ++running)
            await settle()
            running--
            return STATS
          },
        },
      },
    })
    const calls = Array.from({ length: 20 }, () => link.panel.call('server.stats', { server: SERVER }))

    await expect(Promise.all(calls)).resolves.toHaveLength(20)
    expect(most).toBe(4)
  })

  test('an agent refuses more calls than it can run, instead of queueing without end', async () => {
    const stats = gate()
    await using link = await openLink({ connect: { maxCalls: 1, handlers: { 'server.stats': stats.handler } } })
    const calls = Array.from({ length: 3 }, () => link.panel.call('server.stats', { server: SERVER }))
    await expect(calls[2]).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    for (const call of stats.calls) call.finish()
    await expect(Promise.all(calls.slice(0, 2))).resolves.toHaveLength(2)
  })
})
