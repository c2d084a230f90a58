import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../errors/index.ts'
import { CreditBudget } from './credit-budget.ts'
import { receiveResuming } from './data-resume.ts'
import { acceptDataStream, createDataTicket, openDataStream, type DataSocketOptions } from './data-socket.ts'
import type { DataStream } from './data-stream.ts'
import { socketPair, type SocketPair, type SocketPairOptions } from './socket-pair.ts'
import { manualTimers, openLink, rejectionOf, settle, type TestLink } from './test-link.ts'

/** A data socket between the two ends of a link: the agent's end and the panel's. */
async function openData(
  link: TestLink,
  options: DataSocketOptions = {},
  pairOptions: SocketPairOptions = {},
): Promise<{ readonly agent: DataStream; readonly panel: DataStream; readonly pair: SocketPair }> {
  const ticket = createDataTicket(link.panel)
  const pair = socketPair(pairOptions)
  const [panel, agent] = await Promise.all([
    acceptDataStream(pair.a, link.panel, options),
    openDataStream(pair.b, link.agent, ticket.id, options),
  ])
  expect(await ticket.opened).toBe(panel)
  return { agent, panel, pair }
}

/** Byte `i` of every test file. */
const content = (from: number, to: number) =>
  Uint8Array.from({ length: to - from }, (_, index) => ((from + index) * 31) & 255)

/** A file of `size` bytes, read in pieces. */
const file = (size: number, pieceBytes = 10_000) =>
  async function* (offset: number) {
    for (let at = offset; at < size; at += pieceBytes) yield content(at, Math.min(size, at + pieceBytes))
  }

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('bytes', () => {
  test.each(['agent', 'panel'] as const)('arrive whole when the %s sends', async (sender) => {
    await using link = await openLink()
    const data = await openData(link)
    const receiver = sender === 'agent' ? data.panel : data.agent
    const sent = data[sender].send(file(300_000))
    const received = await collect(receiver.receive())

    expect(await sent).toBe(300_000)
    expect(received.equals(content(0, 300_000))).toBe(true)
    expect(await data.agent.closed).toBe('done')
  })

  test('an empty file arrives as nothing', async () => {
    await using link = await openLink()
    const { agent, panel } = await openData(link)
    const sent = agent.send(file(0))

    expect(await collect(panel.receive())).toHaveLength(0)
    expect(await sent).toBe(0)
  })

  test('never outrun the consumer by more than the window', async () => {
    await using link = await openLink()
    const { agent, panel } = await openData(link, { windowBytes: 100_000 })
    let consumed = 0
    let furthest = 0
    const sent = agent.send(file(600_000))
    for await (const chunk of panel.receive()) {
      await settle()
      furthest = Math.max(furthest, agent.offset - consumed)
      consumed += chunk.length
    }
    await sent

    expect(consumed).toBe(600_000)
    expect(furthest).toBeLessThanOrEqual(100_000)
  })

  test('arrive exactly once whatever connections are cut, because a new one goes on from the offset', async () => {
    const scenario = fc.record({
      size: fc.nat(400_000),
      windowBytes: fc.constantFrom(70_000, 200_000, 1_000_000),
      cuts: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(scenario, async ({ size, windowBytes, cuts }) => {
        await using link = await openLink()
        const left = [...cuts]
        const open = async () => {
          const cut = left.shift()
          let sent = 0
          // The two messages of the handshake pass: opening a stream is what the caller repeats by itself.
          const fault = () => (sent++ === (cut ?? -3) + 2 ? ('close' as const) : undefined)
          const { agent, panel } = await openData(link, { windowBytes }, { fault })
          agent.send(file(size)).catch(() => {})
          return panel
        }
        const received = await collect(receiveResuming(open, { maxAttempts: 9 }))
        expect(received.equals(content(0, size))).toBe(true)
      }),
      { numRuns: 40 },
    )
  })
})

describe('ends', () => {
  test('an error of the source reaches the consumer with its code', async () => {
    await using link = await openLink()
    const { agent, panel } = await openData(link)
    const sent = agent.send(async function* () {
      yield content(0, 10)
      throw new AppError('FILE_NOT_FOUND', { path: 'world' })
    })
    const stopped = rejectionOf(sent)

    await expect(collect(panel.receive())).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    expect(await stopped).toMatchObject({ code: 'FILE_NOT_FOUND' })
  })

  test('a consumer that leaves stops the source', async () => {
    await using link = await openLink()
    const { agent, panel } = await openData(link)
    let isStopped = false
    const sent = agent.send(async function* (offset, signal) {
      signal.addEventListener('abort', () => (isStopped = true))
      for (let at = offset; ; at += 1000) yield content(at, at + 1000)
    })
    const stopped = rejectionOf(sent)
    for await (const _chunk of panel.receive()) break

    expect(await stopped).toMatchObject({ code: 'CANCELLED' })
    expect(isStopped).toBe(true)
  })

  test('both ends fail with CONNECTION_LOST when the control session ends', async () => {
    const link = await openLink()
    const { agent, panel } = await openData(link, { windowBytes: 70_000 })
    const sent = rejectionOf(agent.send(file(10_000_000)))
    const stream = panel.receive()
    await stream.next()
    await link[Symbol.asyncDispose]()

    expect(await sent).toMatchObject({ code: 'CONNECTION_LOST' })
    await expect(collect(stream)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })

  test('a frame that was changed ends the stream', async () => {
    await using link = await openLink()
    let isArmed = false
    const { agent, panel } = await openData(
      link,
      {},
      {
        fault(side, data) {
          if (!isArmed || side !== 'b') return undefined
          const changed = Uint8Array.from(data)
          changed[30]! ^= 1
          return { replace: changed }
        },
      },
    )
    isArmed = true
    const sent = rejectionOf(agent.send(file(1000)))

    await expect(collect(panel.receive())).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
    expect(await sent).toBeInstanceOf(AppError)
  })
})

describe('tickets', () => {
  const refused = { code: 'HANDSHAKE_FAILED' }
  const attempt = async (link: TestLink, ticket: string, owner: TestLink = link) => {
    const pair = socketPair()
    const [panel, agent] = await Promise.allSettled([
      acceptDataStream(pair.a, link.panel),
      openDataStream(pair.b, owner.agent, ticket),
    ])
    return [panel, agent].map((outcome) => (outcome.status === 'rejected' ? outcome.reason : 'open') as unknown)
  }

  test('work once', async () => {
    await using link = await openLink()
    const { id } = createDataTicket(link.panel)

    expect(await attempt(link, id)).toEqual(['open', 'open'])
    expect(await attempt(link, id)).toMatchObject([refused, refused])
  })

  test('work for their own session only', async () => {
    await using link = await openLink()
    await using other = await openLink()
    const { id } = createDataTicket(link.panel)

    expect(await attempt(link, id, other)).toMatchObject([refused, refused])
    expect(await attempt(link, id)).toEqual(['open', 'open'])
  })

  test.each(['', 'xyz', '00'.repeat(16), '00'.repeat(17)])('%j is none', async (id) => {
    await using link = await openLink()
    expect(await attempt(link, id)).toMatchObject([refused, refused])
  })

  test('expire after a minute and end with their session', async () => {
    const timers = manualTimers()
    const link = await openLink({ accept: { timers } })
    const expired = createDataTicket(link.panel)
    await timers.advance(60_000)
    await expect(expired.opened).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    const orphaned = createDataTicket(link.panel)
    await link[Symbol.asyncDispose]()

    await expect(orphaned.opened).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    expect(timers.pending).toBe(0)
  })
})

test('streams of one user share a budget: the next one waits until there is room', async () => {
  await using link = await openLink()
  const budget = new CreditBudget(100_000)
  const options = { windowBytes: 90_000, budgets: [budget] }
  const first = await openData(link, options)
  const second = await openData(link, options)
  const sends = [first, second].map(({ agent }) => agent.send(file(200_000)))
  const slow = first.panel.receive()
  await slow.next()
  const fast = collect(second.panel.receive())
  await settle()
  expect(second.agent.offset).toBe(0)

  await collect(slow)
  expect(await fast).toHaveLength(200_000)
  expect(await Promise.all(sends)).toEqual([200_000, 200_000])
  expect(budget.freeBytes).toBe(100_000)
})
