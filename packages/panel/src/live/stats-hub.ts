import { AppError } from '@hatchery/core/errors'
import type { EphemeralEvent } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import type { ConsoleServer } from './console-channel.ts'
import { Encodings, type Subscriber } from './subscriber.ts'

const RETRY_MS = 2_000
const MAX_BUFFERED_BYTES = 1024 * 1024

interface Channel {
  readonly server: ConsoleServer
  readonly viewers: Set<Subscriber>
  newest: Encodings | null
}

/** Readings of the servers that somebody looks at: one watch at the node for all of them. */
export class StatsHub {
  readonly #ctx: Pick<Context, 'nodes' | 'log'>
  readonly #channels = new Map<string, Channel>()
  readonly #stop: readonly (() => void)[]

  constructor(ctx: Pick<Context, 'nodes' | 'log'>) {
    this.#ctx = ctx
    this.#stop = [
      ctx.nodes.onEphemeral((node, event) => {
        if (event.name === 'stats') this.#onStats(node, event.data)
      }),
      ctx.nodes.onStatus((node, isConnected) => {
        for (const channel of this.#channels.values()) {
          if (channel.server.nodeId !== node) continue
          channel.newest = null
          if (isConnected) this.#tell(channel, 'stats.watch')
        }
      }),
    ]
  }

  /** @returns ends the subscription */
  subscribe(server: ConsoleServer, subscriber: Subscriber): () => void {
    let channel = this.#channels.get(server.uuid)
    if (!channel) {
      channel = { server, viewers: new Set(), newest: null }
      this.#channels.set(server.uuid, channel)
      this.#tell(channel, 'stats.watch')
    }
    const joined = channel
    joined.viewers.add(subscriber)
    if (joined.newest) subscriber.send(joined.newest.of(subscriber.topic))
    return () => {
      joined.viewers.delete(subscriber)
      if (joined.viewers.size > 0 || this.#channels.get(server.uuid) !== joined) return
      this.#channels.delete(server.uuid)
      this.#tell(joined, 'stats.unwatch')
    }
  }

  close(): void {
    for (const stop of this.#stop) stop()
    this.#channels.clear()
  }

  #again(channel: Channel): void {
    if (this.#channels.get(channel.server.uuid) === channel) this.#tell(channel, 'stats.watch')
  }

  #onStats(node: number, { server, stats }: EphemeralEvent<'stats'>['data']): void {
    const channel = this.#channels.get(server)
    if (channel?.server.nodeId !== node) return
    channel.newest = new Encodings({ stats })
    for (const viewer of channel.viewers) {
      // The next reading makes up for this one.
      if (viewer.bufferedAmount <= MAX_BUFFERED_BYTES) viewer.send(channel.newest.of(viewer.topic))
    }
  }

  #tell(channel: Channel, method: 'stats.watch' | 'stats.unwatch'): void {
    const { server } = channel
    const link = this.#ctx.nodes.of(server.nodeId)
    if (!link.isConnected) return
    link.call(method, { server: server.uuid }).catch((error: unknown) => {
      const level = error instanceof AppError ? 'debug' : 'error'
      this.#ctx.log[level]({ err: error, server: server.uuid }, `${method} failed`)
      // A server that was just created is not known to its node yet.
      if (method === 'stats.watch') setTimeout(() => this.#again(channel), RETRY_MS).unref()
    })
  }
}
