import { AppError } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import { ConsoleRing, compareCursors, formatCursor, parseCursor, type Line, type LineCursor } from './console-ring.ts'
import { Encodings, encodeEvent, encodeResync, type Subscriber } from './subscriber.ts'

const RING_LINES = 2_000
const SNAPSHOT_LINES = 200
const READ_LINES = 1_000
/** A viewer that missed more than this starts again with a snapshot. */
const MAX_CATCH_UP_LINES = 20_000
/** Above this, a viewer is not sent more lines; it learns how many it missed. */
const MAX_BUFFERED_BYTES = 1024 * 1024
const RETRY_MS = 1_000

export interface ConsoleServer {
  readonly uuid: string
  readonly nodeId: number
}

interface Viewer {
  readonly subscriber: Subscriber
  /** Where the client said it is; null for a new one. */
  readonly from: LineCursor | null
  /** Up to where it was sent; null before its first line. */
  sent: LineCursor | null
  /** `catching`: it gets what it missed. `waiting`: nothing is known yet, because the node is away. */
  phase: 'waiting' | 'catching' | 'live'
  skipped: number
}

/**
 * The console of one server for all who watch it: one watch at the node, one ring of lines, each message encoded once. Nobody
 * waits for anybody: who cannot take more is passed over and told how many lines that were.
 */
export class ConsoleChannel {
  readonly server: ConsoleServer
  readonly #ctx: Pick<Context, 'nodes' | 'log'>
  readonly #ring = new ConsoleRing(RING_LINES)
  readonly #viewers = new Map<Subscriber, Viewer>()
  #isWatching = false
  /** Changes of the watch follow each other; a late answer never undoes a newer request. */
  #control: Promise<void> = Promise.resolve()
  #retry: NodeJS.Timeout | null = null
  /** The line after which some were missing, while they are asked for again. */
  #holeAfter: string | null = null

  constructor(ctx: Pick<Context, 'nodes' | 'log'>, server: ConsoleServer) {
    this.#ctx = ctx
    this.server = server
  }

  get viewerCount(): number {
    return this.#viewers.size
  }

  add(subscriber: Subscriber, cursor: string | null): void {
    const from = cursor === null ? null : parseCursor(cursor)
    const viewer: Viewer = { subscriber, from, sent: null, phase: 'waiting', skipped: 0 }
    this.#viewers.set(subscriber, viewer)
    if (cursor !== null && from === null) subscriber.send(encodeResync(subscriber.topic))
    if (this.#isWatching) this.#inBackground(this.#catchUp(viewer))
    else this.#watch()
  }

  /** Settles when the node has heard of it. */
  async remove(subscriber: Subscriber): Promise<void> {
    this.#viewers.delete(subscriber)
    if (this.#viewers.size === 0) this.#unwatch()
    await this.#control
  }

  /** The connection to the node is new, and with it everything it was told to watch. */
  onNodeConnected(): void {
    this.#isWatching = false
    if (this.#viewers.size > 0) this.#watch()
  }

  onNodeDisconnected(): void {
    this.#isWatching = false
  }

  onLines(lines: readonly Line[], skipped: number): void {
    if (this.#viewers.size === 0) return
    // What was skipped is only at the node: a resume from before has to ask it.
    if (skipped > 0) this.#ring.clear()
    else if (this.#hasHole(lines)) {
      // The node sends them again from the last line that came.
      this.#isWatching = false
      return this.#watch()
    }
    const fresh = this.#ring.append(lines)
    const last = fresh.at(-1)
    if (!last) return
    const shared = new Encodings({ lines: fresh, ...(skipped > 0 && { skipped }) }, formatCursor(last))
    for (const viewer of this.#viewers.values()) {
      if (viewer.phase !== 'live') continue
      this.#deliver(viewer, fresh, skipped, shared, last)
    }
  }

  /** Whether lines are missing before these; a second time at the same place, the node does not have them either. */
  #hasHole(lines: readonly Line[]): boolean {
    const { last } = this.#ring
    const next = last && lines.find((line) => compareCursors(line, last) > 0)
    if (!last || !next || continues(last, next)) return false
    const place = formatCursor(last)
    if (this.#holeAfter === place) return false
    this.#holeAfter = place
    return true
  }

  #deliver(viewer: Viewer, lines: readonly Line[], skipped: number, shared: Encodings, last: Line): void {
    const { subscriber, sent } = viewer
    // Who read back from the node may have some of these already.
    if (sent && compareCursors(lines[0]!, sent) <= 0) {
      return this.#sendTo(
        viewer,
        lines.filter((line) => compareCursors(line, sent) > 0),
      )
    }
    if (subscriber.bufferedAmount > MAX_BUFFERED_BYTES) {
      viewer.skipped += lines.length + skipped
      return
    }
    if (viewer.skipped === 0) subscriber.send(shared.of(subscriber.topic))
    else {
      const event = { lines, skipped: viewer.skipped + skipped }
      subscriber.send(encodeEvent(subscriber.topic, event, formatCursor(last)))
      viewer.skipped = 0
    }
    viewer.sent = last
  }

  #watch(): void {
    this.#control = this.#control.then(async () => {
      if (this.#isWatching || this.#viewers.size === 0) return
      const link = this.#ctx.nodes.of(this.server.nodeId)
      if (!link.isConnected) return
      const server = this.server.uuid
      try {
        if (!this.#ring.last) {
          const { lines } = await link.call('console.read', { server, after: null, limit: SNAPSHOT_LINES })
          this.#ring.append(lines)
        }
        const { last } = this.#ring
        // From the last known line on; without one, everything there is, so that none slips in between.
        const after = last ? formatCursor(last) : null
        this.#isWatching = true
        await link.call('console.watch', { server, after, tail: last ? 0 : SNAPSHOT_LINES })
      } catch (error) {
        this.#isWatching = false
        this.#onWatchFailed(error)
        return
      }
      for (const viewer of this.#viewers.values()) {
        if (viewer.phase === 'waiting') this.#inBackground(this.#catchUp(viewer))
      }
    })
  }

  /** A server that was just created is not known to its node yet; a lost connection comes back by itself. */
  #onWatchFailed(error: unknown): void {
    if (!(error instanceof AppError)) this.#ctx.log.error({ err: error, server: this.server.uuid }, 'a console failed')
    this.#retry ??= setTimeout(() => {
      this.#retry = null
      this.#watch()
    }, RETRY_MS).unref()
  }

  #unwatch(): void {
    if (this.#retry) clearTimeout(this.#retry)
    this.#retry = null
    this.#control = this.#control.then(async () => {
      if (this.#viewers.size > 0) return
      this.#ring.clear()
      if (!this.#isWatching) return
      this.#isWatching = false
      const link = this.#ctx.nodes.of(this.server.nodeId)
      if (!link.isConnected) return
      try {
        await link.call('console.unwatch', { server: this.server.uuid })
      } catch (error) {
        // The node forgets what is watched when the connection ends, which is the usual reason for this.
        this.#ctx.log.debug({ err: error, server: this.server.uuid }, 'a console was not unwatched')
      }
    })
  }

  /** Brings a viewer from where it is to the newest line, then lets it follow. */
  async #catchUp(viewer: Viewer): Promise<void> {
    viewer.phase = 'catching'
    let place = viewer.sent ?? viewer.from
    if (place && !this.#ring.reaches(place)) place = await this.#readFromNode(viewer, place)
    if (!this.#viewers.has(viewer.subscriber)) return
    const lines = place ? this.#ring.after(place) : this.#ring.newest(SNAPSHOT_LINES)
    this.#sendTo(viewer, lines)
    viewer.phase = 'live'
  }

  /** @returns where the viewer is now; null when it has to start again */
  async #readFromNode(viewer: Viewer, from: LineCursor): Promise<LineCursor | null> {
    const link = this.#ctx.nodes.of(this.server.nodeId)
    let place = from
    try {
      for (let count = 0; count < MAX_CATCH_UP_LINES;) {
        const params = { server: this.server.uuid, after: formatCursor(place), limit: READ_LINES }
        const { lines } = await link.call('console.read', params)
        if (!this.#viewers.has(viewer.subscriber)) return place
        if (!continues(place, lines[0])) break
        this.#sendTo(viewer, lines)
        place = lines.at(-1) ?? place
        count += lines.length
        if (this.#ring.reaches(place)) return place
        const newest = this.#ring.last
        // It may be ahead of the ring by now: what the node sends next is joined by `#deliver`.
        const isAtEnd = !newest || compareCursors(place, newest) >= 0
        if (isAtEnd && compareCursors(place, from) !== 0) return place
        if (lines.length === 0) break
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#ctx.log.debug({ err: error, server: this.server.uuid }, 'a console could not be read back')
    }
    viewer.subscriber.send(encodeResync(viewer.subscriber.topic))
    return null
  }

  #sendTo(viewer: Viewer, lines: readonly Line[]): void {
    const last = lines.at(-1)
    if (!last) return
    viewer.subscriber.send(encodeEvent(viewer.subscriber.topic, { lines }, formatCursor(last)))
    viewer.sent = last
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#ctx.log.error({ err: error, server: this.server.uuid }, 'a viewer could not be brought up to date')
    })
  }
}

/** Whether nothing is missing between a place and the line that follows it; the node marks what it lost by itself. */
function continues(place: LineCursor, next: Line | undefined): boolean {
  if (!next || next.run !== place.run || next.kind === 'gap') return true
  return next.line <= place.line + 1
}
