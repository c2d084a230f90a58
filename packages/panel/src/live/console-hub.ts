import type { EphemeralEvent } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import { ConsoleChannel, type ConsoleServer } from './console-channel.ts'
import type { Subscriber } from './subscriber.ts'

/** The consoles that somebody watches. */
export class ConsoleHub {
  readonly #ctx: Pick<Context, 'nodes' | 'log'>
  readonly #channels = new Map<string, ConsoleChannel>()
  readonly #stop: readonly (() => void)[]

  constructor(ctx: Pick<Context, 'nodes' | 'log'>) {
    this.#ctx = ctx
    this.#stop = [
      ctx.nodes.onEphemeral((node, event) => {
        if (event.name === 'console') this.#onConsole(node, event.data)
      }),
      ctx.nodes.onStatus((node, isConnected) => this.#onStatus(node, isConnected)),
    ]
  }

  /** @returns ends the subscription */
  subscribe(server: ConsoleServer, subscriber: Subscriber, cursor: string | null): () => void {
    let channel = this.#channels.get(server.uuid)
    if (!channel) this.#channels.set(server.uuid, (channel = new ConsoleChannel(this.#ctx, server)))
    const joined = channel
    joined.add(subscriber, cursor)
    return () => void this.#leave(joined, subscriber)
  }

  /** Somebody who comes back meanwhile finds the same channel, so that no late `unwatch` ends what they watch. */
  async #leave(channel: ConsoleChannel, subscriber: Subscriber): Promise<void> {
    await channel.remove(subscriber)
    const { uuid } = channel.server
    if (channel.viewerCount === 0 && this.#channels.get(uuid) === channel) this.#channels.delete(uuid)
  }

  close(): void {
    for (const stop of this.#stop) stop()
    this.#channels.clear()
  }

  #onConsole(node: number, { server, lines, skipped }: EphemeralEvent<'console'>['data']): void {
    const channel = this.#channels.get(server)
    // A node speaks for its own servers only.
    if (channel?.server.nodeId === node) channel.onLines(lines, skipped ?? 0)
  }

  #onStatus(node: number, isConnected: boolean): void {
    for (const channel of this.#channels.values()) {
      if (channel.server.nodeId !== node) continue
      if (isConnected) channel.onNodeConnected()
      else channel.onNodeDisconnected()
    }
  }
}
