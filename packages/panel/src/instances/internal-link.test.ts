import { once } from 'node:events'
import { request } from 'node:http'
import { AppError } from '@hatchery/core/errors'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { TestClock } from '../testing/test-clock.ts'
import type { EventOutlet } from './event-outlet.ts'
import type { InstanceFrame } from './frames.ts'
import { InternalServer, type InternalHandlers } from './internal-server.ts'
import { NotReached, Peer } from './peer.ts'
import { deriveInstanceSecret, SealedExchange } from './sealed-exchange.ts'

const log = pino({ level: 'silent' })
const secret = deriveInstanceSecret(new Uint8Array(32).fill(1))
const never = AbortSignal.timeout(60_000)
const line = (n: number) => ({ run: 1, line: n, at: 0, kind: 'out' as const, text: `line ${n}` })
const consoleEvent = (from: number, to = from) => ({
  name: 'console' as const,
  data: { server: 's', lines: Array.from({ length: to - from + 1 }, (_, index) => line(from + index)) },
})

async function openLink(handlers: Partial<InternalHandlers> = {}) {
  const clock = new TestClock()
  const asked: unknown[] = []
  const outlets: EventOutlet[] = []
  let closedStreams = 0
  const server = await InternalServer.open({ instance: 'b', secret, log, now: clock.now }, null)
  server.serve({
    answer: async (path, body) => {
      asked.push([path, body])
      return { echo: body }
    },
    onStream: (outlet) => {
      outlets.push(outlet)
      return () => closedStreams++
    },
    ...handlers,
  })
  const frames: InstanceFrame[] = []
  let wake: () => void = () => undefined
  const changed = () => wake()
  const listener = {
    onChange: changed,
    onFrame: (frame: InstanceFrame) => {
      frames.push(frame)
      changed()
    },
  }
  const peer = new Peer('b', server.address, { secret, log, now: clock.now }, listener)
  /** Waits for what the peer hears, not for time. */
  const until = async (isSo: () => boolean) => {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  await until(() => peer.stream !== null)
  return {
    server,
    peer,
    clock,
    asked,
    outlets,
    frames,
    until,
    closedStreams: () => closedStreams,
    async [Symbol.asyncDispose]() {
      peer.close()
      await server.close()
    },
  }
}

/** One raw request. @returns its status */
async function post(address: string, path: string, headers: Record<string, string>, body: Buffer): Promise<number> {
  const sent = request(new URL(path, address), { method: 'POST', headers, agent: false }).end(body)
  const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }]
  response.resume()
  return response.statusCode
}

function seal(path: string, { key = secret, target = 'b', time = '0', nonce = 'n'.repeat(22) } = {}) {
  return {
    headers: { 'x-hatchery-instance': target, 'x-hatchery-time': time, 'x-hatchery-nonce': nonce },
    body: new SealedExchange(key, { target, path, time, nonce }).sealRequest({ node: 1 }),
  }
}

describe('the link between instances', () => {
  test('answers those who know the master key, and carries refusals as they are', async () => {
    await using link = await openLink()
    expect(await link.peer.ask('/call', { node: 1 }, never)).toEqual({ echo: { node: 1 } })
    link.server.serve({
      answer: async () => {
        throw new AppError('NODE_UNREACHABLE', { node: 'n' })
      },
      onStream: () => () => undefined,
    })
    await expect(link.peer.ask('/call', {}, never)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE', status: 502 })
  })

  test('refuses another key, another process, another path, an old or a repeated request', async () => {
    await using link = await openLink()
    const time = String(link.clock.now())
    const other = deriveInstanceSecret(new Uint8Array(32).fill(2))
    const good = seal('/call', { time })
    const attempts = [
      seal('/call', { key: other, time }),
      seal('/call', { target: 'a', time }),
      { ...seal('/call', { target: 'a', time }), headers: good.headers },
      { ...seal('/disconnect', { time }), headers: good.headers },
      seal('/call', { time: String(link.clock.now() - 61_000) }),
      seal('/call', { time: String(link.clock.now() + 61_000) }),
      { headers: good.headers, body: Buffer.concat([good.body.subarray(0, -1), Buffer.from([good.body.at(-1)! ^ 1])]) },
      { headers: good.headers, body: Buffer.alloc(0) },
      { headers: {}, body: good.body },
      { headers: { ...good.headers, 'x-hatchery-nonce': 'm'.repeat(22) }, body: good.body },
    ]
    for (const { headers, body } of attempts) {
      expect(await post(link.server.address, '/call', headers as Record<string, string>, body)).toBe(403)
    }
    expect(link.asked).toEqual([])
    expect(await post(link.server.address, '/call', good.headers, good.body)).toBe(200)
    expect(await post(link.server.address, '/call', good.headers, good.body)).toBe(403)
    expect(link.asked).toHaveLength(1)
  })

  test('says that a request never arrived, where that is so', async () => {
    await using link = await openLink()
    await link.server.close()
    await expect(link.peer.ask('/call', {}, never)).rejects.toThrow(NotReached)
  })

  test('does not say so of a request that may have been carried out', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await using link = await openLink({
      answer: async () => {
        resolve()
        return new Promise(() => {})
      },
    })
    const asking = link.peer.ask('/call', {}, never)
    await promise
    const failed = expect(asking).rejects.not.toThrow(NotReached)
    await link.server.close()
    await failed
  })

  test('streams events in order, opens the stream again when it breaks, and tells the holder that it ended', async () => {
    await using link = await openLink()
    const first = link.peer.stream
    expect(link.outlets[0]?.id).toBe(first)
    for (let n = 1; n <= 100; n++) link.outlets[0]?.send(7, consoleEvent(n))
    await link.until(() => link.frames.length === 100)
    expect(
      link.frames.map(
        (frame) => frame.type === 'event' && frame.event.name === 'console' && frame.event.data.lines[0]?.line,
      ),
    ).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
    const { port } = new URL(link.server.address)
    await link.server.close()
    await link.until(() => link.peer.stream === null)
    expect(link.closedStreams()).toBe(1)

    const again = await InternalServer.open(
      { instance: 'b', secret, log, now: link.clock.now },
      `http://127.0.0.1:${port}`,
    )
    again.serve({ answer: async () => ({}), onStream: () => () => undefined })
    await link.until(() => link.peer.stream !== null)
    expect(link.peer.stream).not.toBe(first)
    link.peer.close()
    await again.close()
  })

  test('a successor on the same port is another process, and answers nothing meant for the one before', async () => {
    await using link = await openLink()
    const { port } = new URL(link.server.address)
    await link.server.close()
    const successor = await InternalServer.open(
      { instance: 'b2', secret, log, now: link.clock.now },
      `http://127.0.0.1:${port}`,
    )
    successor.serve({ answer: async () => ({ wrong: true }), onStream: () => () => undefined })
    await expect(link.peer.ask('/call', {}, never)).rejects.toThrow(NotReached)
    await successor.close()
  })
})

describe('a slow instance', () => {
  test('is told how many lines it was spared, and the sender never waits', async () => {
    const sent: InstanceFrame[] = []
    let waiting = 0
    const { EventOutlet: Outlet } = await import('./event-outlet.ts')
    const outlet = new Outlet(
      's',
      (frame) => sent.push(frame),
      () => waiting,
    )
    outlet.send(1, consoleEvent(1))
    waiting = 2 * 1024 * 1024
    outlet.send(1, consoleEvent(2, 4))
    outlet.send(1, { name: 'console', data: { server: 's', lines: [line(7)], skipped: 2 } })
    outlet.send(1, { name: 'stats', data: { server: 's', stats: {} as never } })
    expect(sent).toHaveLength(1)
    waiting = 0
    outlet.send(1, consoleEvent(8))
    outlet.send(1, consoleEvent(9))
    const data = sent.map((frame) =>
      frame.type === 'event' && frame.event.name === 'console' ? frame.event.data : null,
    )
    expect(data).toMatchObject([
      { lines: [{ line: 1 }] },
      { lines: [{ line: 8 }], skipped: 6 },
      { lines: [{ line: 9 }] },
    ])
    expect(data[2]).not.toHaveProperty('skipped')
  })
})
