import type { Client, LiveEvents } from '@hatchery/core/sdk'
import type { LiveFeed, LiveHandlers, LiveKind } from './live-feed.ts'

type DirectKind = 'server-console' | 'server-stats'

/** A node that was lost may come back, and pages are left and opened again. */
const RETRY_MS = 60_000

export interface DirectLiveOptions {
  /** @default WebSocket */
  readonly connect?: (url: string) => Pick<WebSocket, 'send' | 'close' | 'addEventListener'>
  /** How long a node may take to open the channel. @default 3 s */
  readonly openTimeoutMs?: number
}

/**
 * The live channel of the panel, with the console and the readings of a server from the node itself where the browser reaches
 * it. The panel serves from the first moment; the node takes over behind the last line that was shown, and the panel again when
 * the node is lost, so that every line comes once.
 */
export function withDirectLive(panel: LiveFeed, client: Client, options: DirectLiveOptions = {}): LiveFeed {
  const { connect = (url) => new WebSocket(url), openTimeoutMs = 3_000 } = options
  /** Servers whose node could not be reached from here, and since when. */
  const without = new Map<string, number>()

  function subscribe<K extends DirectKind>(kind: K, server: string, handlers: LiveHandlers<K>): () => void {
    let cursor: string | undefined
    let socket: ReturnType<typeof connect> | undefined
    let isEnded = false
    const take = (event: LiveEvents[K], at: string | undefined): void => {
      cursor = at ?? cursor
      handlers.onEvent(event, at)
    }
    const throughPanel = () =>
      panel.subscribe(kind, server, { ...handlers, onEvent: take, ...(cursor !== undefined && { cursor }) })
    let leavePanel: (() => void) | undefined = throughPanel()

    async function open(): Promise<void> {
      if (performance.now() - (without.get(server) ?? -Infinity) < RETRY_MS) return
      const { link } = await client.openDirectLive({ params: { server } })
      if (!link) without.set(server, performance.now())
      if (!link || isEnded) return
      const opened = (socket = connect(link.url.replace(/^http/, 'ws')))
      const timer = setTimeout(() => opened.close(), openTimeoutMs)
      opened.addEventListener('open', () => {
        clearTimeout(timer)
        if (isEnded) return opened.close()
        leavePanel?.()
        leavePanel = undefined
        opened.send(JSON.stringify({ type: 'subscribe', id: 1, topic: `${kind}:${server}`, cursor }))
      })
      opened.addEventListener('message', ({ data }) => {
        if (isEnded) return
        const message = JSON.parse(String(data)) as {
          readonly type: string
          readonly cursor?: string
          readonly event?: LiveEvents[K]
        }
        if (message.type === 'event' && message.event !== undefined) take(message.event, message.cursor)
        else if (message.type === 'error') opened.close()
      })
      opened.addEventListener('close', () => {
        clearTimeout(timer)
        if (isEnded || socket !== opened) return
        socket = undefined
        without.set(server, performance.now())
        leavePanel ??= throughPanel()
      })
    }
    // Without a link there is no other way than the one that is taken already.
    open().catch(() => without.set(server, performance.now()))

    return () => {
      isEnded = true
      leavePanel?.()
      socket?.close()
    }
  }

  return {
    ...panel,
    subscribe<K extends LiveKind>(kind: K, id: string | undefined, handlers: LiveHandlers<K>): () => void {
      if (id === undefined || (kind !== 'server-console' && kind !== 'server-stats')) {
        return panel.subscribe(kind, id, handlers)
      }
      return subscribe(kind, id, handlers as unknown as LiveHandlers<DirectKind>)
    },
  }
}
