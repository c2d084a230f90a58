import { once } from 'node:events'
import type { LiveMessage, LiveRequest } from '@hatchery/core/api'
import { WebSocket } from 'ws'
import type { TestClient } from '../testing/test-panel.ts'
import { until } from '../nodes/until.ts'

type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never
type Event = Extract<LiveMessage, { type: 'event' }>

/** A browser tab as far as the live channel is concerned. For tests. */
export class TestViewer implements AsyncDisposable {
  readonly socket: WebSocket
  readonly messages: LiveMessage[] = []
  closedWith: number | null = null
  #id = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => this.messages.push(JSON.parse(String(data)) as LiveMessage))
    socket.on('close', (code) => {
      this.closedWith = code
    })
  }

  static async open(
    url: string,
    client: Pick<TestClient, 'headers'>,
    headers: Record<string, string> = {},
  ): Promise<TestViewer> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/v1/live`, {
      headers: { ...client.headers, origin: url, ...headers },
    })
    const viewer = new TestViewer(socket)
    await once(socket, 'open')
    return viewer
  }

  /** Sends a request and waits for its answer. */
  async ask(request: Unnumbered<LiveRequest>): Promise<LiveMessage> {
    const id = ++this.#id
    this.socket.send(JSON.stringify({ ...request, id }))
    return this.find((message) => 'id' in message && message.id === id, `the answer to ${request.type}`)
  }

  async subscribe(topic: string, cursor?: string): Promise<LiveMessage> {
    return this.ask({ type: 'subscribe', topic, ...(cursor !== undefined && { cursor }) })
  }

  async find(fits: (message: LiveMessage) => boolean, what = 'a message'): Promise<LiveMessage> {
    await until(() => this.messages.some(fits), what)
    return this.messages.find(fits)!
  }

  eventsOf(topic: string): readonly Event[] {
    return this.messages.filter((message): message is Event => message.type === 'event' && message.topic === topic)
  }

  /** Console lines in the order they came. */
  linesOf(topic: string): readonly { readonly run: number; readonly line: number; readonly text: string }[] {
    return this.eventsOf(topic).flatMap(
      ({ event }) => (event as { lines: { run: number; line: number; text: string }[] }).lines,
    )
  }

  skippedOf(topic: string): number {
    return this.eventsOf(topic).reduce((sum, { event }) => sum + ((event as { skipped?: number }).skipped ?? 0), 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.socket, 'close')
    this.socket.terminate()
    await closed
  }
}
