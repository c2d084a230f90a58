import { createLiveClient, type LiveClient, type LiveTopicName } from '@hatchery/core/sdk'
import { shallowRef } from 'vue'
import type { LiveFeed, LiveStatus } from './live-feed.ts'

/** The live channel of the panel at `url`; it survives sign-out and sign-in by opening a new socket. */
export function createPanelFeed(url: string, connect = createLiveClient): LiveFeed {
  const status = shallowRef<LiveStatus>('closed')
  let client: LiveClient | undefined

  function current(): LiveClient {
    if (client) return client
    const opened = connect({
      url,
      onStatus(next) {
        if (opened === client) status.value = next === 'reconnecting' ? 'connecting' : next
      },
      onUnauthorized() {
        if (opened === client) client = undefined
        status.value = 'closed'
      },
    })
    client = opened
    return opened
  }

  return {
    status,
    subscribe(kind, id, handlers) {
      const topic = (id === undefined ? kind : `${kind}:${id}`) as LiveTopicName
      const subscription = current().subscribe(
        topic,
        (event, { cursor }) => handlers.onEvent(event as Parameters<typeof handlers.onEvent>[0], cursor),
        {
          ...(handlers.cursor === undefined ? {} : { cursor: handlers.cursor }),
          ...(handlers.onResync ? { onResync: handlers.onResync } : {}),
          onEnd: (error) => error.code !== 'CLOSED' && handlers.onRevoked?.(error.code),
        },
      )
      return () => subscription.unsubscribe()
    },
    open() {
      current()
    },
    close() {
      const closing = client
      client = undefined
      closing?.close()
      status.value = 'closed'
    },
  }
}
