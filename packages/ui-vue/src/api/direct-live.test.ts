import { createClient, type LiveEvents } from '@hatchery/core/sdk'
import { shallowRef } from 'vue'
import { expect, test, vi } from 'vitest'
import { withDirectLive } from './direct-live.ts'
import type { LiveFeed, LiveHandlers } from './live-feed.ts'

type Console = LiveEvents['server-console']
type Listener = (event: { readonly data?: string }) => void

/** A socket of a browser whose other end is the test. */
class FakeSocket {
  readonly sent: Record<string, unknown>[] = []
  readonly #listeners = new Map<string, Listener>()
  addEventListener(kind: string, listener: Listener): void {
    this.#listeners.set(kind, listener)
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }
  close(): void {
    this.say('close')
  }
  say(kind: string, message?: unknown): void {
    this.#listeners.get(kind)?.(message === undefined ? {} : { data: JSON.stringify(message) })
  }
}

const lines = (...numbers: number[]) => ({ lines: numbers.map((line) => ({ run: 1, line })) }) as unknown as Console
const numbersOf = ({ lines: all }: Console) => all.map(({ line }) => line)

function stageOf({ hasAddress = true } = {}) {
  const subscriptions: { cursor: string | undefined; handlers: LiveHandlers<'server-console'>; isOver: boolean }[] = []
  const panel: LiveFeed = {
    status: shallowRef('open'),
    subscribe(_kind, _id, handlers) {
      const one = { cursor: handlers.cursor, handlers: handlers as never, isOver: false }
      subscriptions.push(one)
      return () => (one.isOver = true)
    },
    open() {},
    close() {},
  }
  const client = createClient({
    url: '',
    retry: { attempts: 1 },
    async fetch() {
      const link = hasAddress ? { origin: 'https://n', url: 'https://n/direct/v1/live?token=t', expiresAt: 0 } : null
      return new Response(JSON.stringify({ link }))
    },
  })
  const socket = new FakeSocket()
  const connect = vi.fn<(url: string) => FakeSocket>(() => socket)
  const live = withDirectLive(panel, client, { connect: connect as never })
  const seen: number[] = []
  const end = live.subscribe('server-console', 's', { onEvent: (event) => seen.push(...numbersOf(event)) })
  return { live, subscriptions, socket, connect, seen, end }
}

test('the panel serves until the node does, which goes on behind the last line', async () => {
  const { subscriptions, socket, connect, seen } = stageOf()
  subscriptions[0]?.handlers.onEvent(lines(1, 2), '1:2')
  await vi.waitFor(() => expect(connect).toHaveBeenCalledWith('wss://n/direct/v1/live?token=t'))
  subscriptions[0]?.handlers.onEvent(lines(3), '1:3')
  socket.say('open')
  expect(subscriptions.map(({ isOver }) => isOver)).toEqual([true])
  expect(socket.sent).toEqual([{ type: 'subscribe', id: 1, topic: 'server-console:s', cursor: '1:3' }])
  socket.say('message', { type: 'event', topic: 'server-console:s', cursor: '1:5', event: lines(4, 5) })
  expect(seen).toEqual([1, 2, 3, 4, 5])
})

test('when the node is lost, the panel goes on behind its last line', async () => {
  const { subscriptions, socket, connect, seen } = stageOf()
  await vi.waitFor(() => expect(connect).toHaveBeenCalled())
  socket.say('open')
  socket.say('message', { type: 'event', topic: 'server-console:s', cursor: '1:7', event: lines(7) })
  socket.say('close')
  expect(subscriptions.map(({ cursor, isOver }) => [cursor, isOver])).toEqual([
    [undefined, true],
    ['1:7', false],
  ])
  subscriptions[1]?.handlers.onEvent(lines(8), '1:8')
  expect(seen).toEqual([7, 8])
})

test('a node that never answers changes nothing', async () => {
  const { subscriptions, socket, connect } = stageOf()
  await vi.waitFor(() => expect(connect).toHaveBeenCalled())
  socket.say('close')
  expect(subscriptions.map(({ isOver }) => isOver)).toEqual([false])
})

test('without an address of the node there is the panel, which is not asked again at once', async () => {
  const { live, subscriptions, connect } = stageOf({ hasAddress: false })
  live.subscribe('server-stats', 's', { onEvent() {} })
  live.subscribe('servers', undefined, { onEvent() {} })
  await Promise.resolve()
  expect(connect).not.toHaveBeenCalled()
  expect(subscriptions).toHaveLength(3)
})

test('who leaves leaves both', async () => {
  const { subscriptions, socket, connect, seen, end } = stageOf()
  await vi.waitFor(() => expect(connect).toHaveBeenCalled())
  end()
  socket.say('open')
  socket.say('message', { type: 'event', topic: 'server-console:s', cursor: '1:7', event: lines(7) })
  expect(subscriptions.map(({ isOver }) => isOver)).toEqual([true])
  expect([seen, socket.sent]).toEqual([[], []])
})
