import type { ConsoleLine, LiveMessage, LiveRequest } from '../types.ts'
import type { SocketLike } from './socket.ts'

type Listeners = Record<'open' | 'error' | 'message' | 'close', ((event: never) => void)[]>

/**
 * A panel for tests of the live client: one console as a log of lines, resumed by `run:line`. Messages travel in
 * order and one at a time with {@link FakePanel.step}, so a test can cut the connection between any two.
 */
export class FakePanel {
  readonly lines: ConsoleLine[] = []
  readonly requests: LiveRequest[] = []
  readonly headers: unknown[] = []
  /** Answers with an error instead of `ok`, once each. */
  readonly refusals: { readonly code: string; readonly message: string }[] = []
  /** Lines below this one are forgotten: older cursors get `resync`. */
  oldestLine = 0
  snapshotSize = 5
  /** Resumes with the last delivered line again, as a careless panel would. */
  isInclusive = false
  isSilent = false
  sockets: FakeSocket[] = []

  /** The class to hand to the client. */
  readonly SocketClass: new (url: string) => SocketLike

  constructor() {
    const accept = (socket: FakeSocket, options: unknown): FakePanel => {
      this.sockets.push(socket)
      this.headers.push(options)
      return this
    }
    this.SocketClass = class extends FakeSocket {
      constructor(_url: string, options?: unknown) {
        super((socket) => accept(socket, options))
      }
    }
  }

  get socket(): FakeSocket | undefined {
    return this.sockets.find((socket) => !socket.isClosed)
  }

  /** The server prints a line. */
  print(text: string, run = 1): void {
    const line = { run, line: this.lines.length + 1, at: 0, kind: 'out', text } as const
    this.lines.push(line)
    for (const socket of this.sockets) socket.pump()
  }

  /** Carries one message. False when nothing is under way. */
  step(): boolean {
    return this.socket?.carry() ?? false
  }

  settle(): void {
    while (this.step());
  }
}

export class FakeSocket implements SocketLike {
  readonly #panel: FakePanel
  readonly #listeners: Listeners = { open: [], error: [], message: [], close: [] }
  readonly #up: string[] = []
  readonly #down: string[] = []
  readonly #watched = new Map<string, number>()
  isClosed = false
  #greeted = false

  constructor(accept: (socket: FakeSocket) => FakePanel) {
    this.#panel = accept(this)
  }

  addEventListener(type: keyof Listeners, listener: (event: never) => void): void {
    this.#listeners[type].push(listener)
  }

  send(data: string): void {
    if (!this.isClosed) this.#up.push(data)
  }

  close(): void {
    this.isClosed = true
  }

  /** The connection breaks; whatever is under way is lost. */
  drop(code = 1006): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const listener of this.#listeners.close) listener({ code } as never)
  }

  tell(message: LiveMessage): void {
    this.#down.push(JSON.stringify(message))
  }

  /** Sends what is new of the topics that are watched here. */
  pump(): void {
    for (const [topic, after] of this.#watched) {
      const lines = this.#panel.lines.filter((line) => line.line > after)
      const last = lines.at(-1)
      if (!last) continue
      this.#watched.set(topic, last.line)
      this.tell({ type: 'event', topic, cursor: `${last.run}:${last.line}`, event: { lines } })
    }
  }

  carry(): boolean {
    if (this.#panel.isSilent) return false
    if (!this.#greeted) {
      this.#greeted = true
      this.#hand({ type: 'hello', at: 0, version: '1' })
      return true
    }
    const up = this.#up.shift()
    if (up !== undefined) {
      this.#serve(JSON.parse(up) as LiveRequest)
      return true
    }
    const down = this.#down.shift()
    if (down === undefined) return false
    this.#hand(JSON.parse(down) as LiveMessage)
    return true
  }

  #hand(message: LiveMessage): void {
    for (const listener of this.#listeners.message) listener({ data: JSON.stringify(message) } as never)
  }

  #serve(request: LiveRequest): void {
    this.#panel.requests.push(request)
    const refusal = this.#panel.refusals.shift()
    if (refusal) {
      this.tell({ type: 'error', id: request.id, error: refusal })
      return
    }
    this.tell({ type: 'ok', id: request.id })
    if (request.type === 'unsubscribe') this.#watched.delete(request.topic)
    if (request.type === 'subscribe') this.#subscribe(request.topic, request.cursor)
  }

  #subscribe(topic: string, cursor: string | undefined): void {
    const { lines, oldestLine, snapshotSize, isInclusive } = this.#panel
    const after = cursor === undefined ? undefined : Number(cursor.split(':')[1])
    const isTooOld = after !== undefined && after < oldestLine
    if (isTooOld) this.tell({ type: 'resync', topic })
    const snapshot = Math.max(oldestLine, lines.length - snapshotSize)
    this.#watched.set(topic, after === undefined || isTooOld ? snapshot : after - Number(isInclusive))
    this.pump()
  }
}
