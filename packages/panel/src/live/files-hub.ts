import { AppError } from '@hatchery/core/errors'
import type { EphemeralEvent } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import { Encodings, type Subscriber } from './subscriber.ts'

const MAX_BUFFERED_BYTES = 1024 * 1024
/** Directories that one subscription after the other may open at all nodes together. */
const MAX_CHANNELS = 10_000

/** A directory of a server, and the node that has it. */
export interface WatchedDirectory {
  readonly uuid: string
  readonly nodeId: number
  readonly path: string
}

interface Channel {
  readonly directory: WatchedDirectory
  readonly viewers: Set<Subscriber>
}

/** Changes in the directories that somebody has open: one watch at the node for all of them. */
export class FilesHub {
  readonly #ctx: Pick<Context, 'nodes' | 'log'>
  readonly #channels = new Map<string, Channel>()
  readonly #stop: readonly (() => void)[]

  constructor(ctx: Pick<Context, 'nodes' | 'log'>) {
    this.#ctx = ctx
    this.#stop = [
      ctx.nodes.onEphemeral((node, event) => {
        if (event.name === 'files.changed') this.#onChanged(node, event.data)
      }),
      ctx.nodes.onStatus((node, isConnected) => {
        if (!isConnected) return
        for (const channel of this.#channels.values()) {
          if (channel.directory.nodeId !== node) continue
          this.#tell(channel, 'files.watch')
          // Nobody knows what happened while the node was away.
          this.#send(channel, null)
        }
      }),
    ]
  }

  /**
   * @returns ends the subscription
   * @throws AppError `RATE_LIMITED`
   */
  subscribe(directory: WatchedDirectory, subscriber: Subscriber): () => void {
    const key = keyOf(directory)
    let channel = this.#channels.get(key)
    if (!channel) {
      if (this.#channels.size >= MAX_CHANNELS) throw new AppError('RATE_LIMITED', { retryAfterSeconds: 60 })
      channel = { directory, viewers: new Set() }
      this.#channels.set(key, channel)
      this.#tell(channel, 'files.watch')
    }
    const joined = channel
    joined.viewers.add(subscriber)
    return () => {
      joined.viewers.delete(subscriber)
      if (joined.viewers.size > 0 || this.#channels.get(key) !== joined) return
      this.#channels.delete(key)
      this.#tell(joined, 'files.unwatch')
    }
  }

  close(): void {
    for (const stop of this.#stop) stop()
    this.#channels.clear()
  }

  #onChanged(node: number, { server, path, names }: EphemeralEvent<'files.changed'>['data']): void {
    const channel = this.#channels.get(keyOf({ uuid: server, path }))
    // A node speaks of its own servers only.
    if (channel?.directory.nodeId === node) this.#send(channel, names)
  }

  #send(channel: Channel, names: readonly string[] | null): void {
    const event = new Encodings({ names })
    for (const viewer of channel.viewers) {
      // Whoever is behind by so much loads everything again anyway.
      if (viewer.bufferedAmount <= MAX_BUFFERED_BYTES) viewer.send(event.of(viewer.topic))
    }
  }

  #tell({ directory }: Channel, method: 'files.watch' | 'files.unwatch'): void {
    const link = this.#ctx.nodes.of(directory.nodeId)
    if (!link.isConnected) return
    link.call(method, { server: directory.uuid, path: directory.path }).catch((error: unknown) => {
      // A directory that is gone, or a node that cannot watch: pages load anew when they are looked at.
      const level = error instanceof AppError ? 'debug' : 'error'
      this.#ctx.log[level]({ err: error, server: directory.uuid }, `${method} failed`)
    })
  }
}

function keyOf({ uuid, path }: Pick<WatchedDirectory, 'uuid' | 'path'>): string {
  return `${uuid} ${path}`
}
