import type { Client } from '@hatchery/core/sdk'

type Answer = Awaited<ReturnType<Client['openDirectDownload']>>

export interface DirectPathOptions {
  /** @default the browser's */
  readonly fetch?: typeof fetch
  /** How long a node may take to say that it is there. @default 2 s */
  readonly pingTimeoutMs?: number
  /** Sends bytes and tells how many have gone. @default XMLHttpRequest, which alone knows */
  readonly send?: typeof sendBytes
}

/**
 * The way to a node itself, past the panel. Whether a node has one and can be reached is found out once; after that, and wherever
 * something goes wrong, the way through the panel is taken.
 */
export function createDirectPath(client: Client, options: DirectPathOptions = {}) {
  const { fetch: ask = (...asked) => fetch(...asked), pingTimeoutMs = 2_000, send = sendBytes } = options
  /** Servers on nodes that browsers do not reach. */
  const without = new Set<string>()
  const reachable = new Map<string, Promise<boolean>>()

  async function open(server: string, make: () => Promise<Answer>): Promise<string | null> {
    if (without.has(server)) return null
    // What is wrong is said on the way through the panel.
    const link = await make().then(
      (answer) => answer.link,
      () => undefined,
    )
    if (link === null) without.add(server)
    if (!link) return null
    let answer = reachable.get(link.origin)
    if (!answer) reachable.set(link.origin, (answer = ping(link.origin)))
    if (await answer) return link.url
    without.add(server)
    return null
  }

  async function ping(origin: string): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(pingTimeoutMs)
      const { status } = await ask(`${origin}/direct/v1/ping`, { signal, credentials: 'omit', cache: 'no-store' })
      return status === 204
    } catch {
      // A firewall, a certificate or a name: the panel is reached in any case.
      return false
    }
  }

  return {
    /** Where the node itself gives a file, once; null where it has to come through the panel. */
    download: (server: string, path: string): Promise<string | null> =>
      open(server, () => client.openDirectDownload({ params: { server }, body: { path } })),

    /**
     * Sends the rest of an upload to the node itself. False where it has not all arrived: what has is asked for, and sent on from,
     * through the panel.
     */
    async upload(
      { server, upload, offset, body }: { server: string; upload: string; offset: number; body: Blob },
      onSent: (bytes: number) => void,
      signal: AbortSignal,
    ): Promise<boolean> {
      const url = await open(server, () => client.openDirectUpload({ params: { server, upload }, signal }))
      signal.throwIfAborted()
      if (url === null) return false
      try {
        await send(`${url}&offset=${offset}`, body, onSent, signal)
        return true
      } catch (error) {
        signal.throwIfAborted()
        console.warn('The node did not take an upload directly; it goes on through the panel.', error)
        without.add(server)
        return false
      }
    },
  }
}
export type DirectPath = ReturnType<typeof createDirectPath>

function sendBytes(url: string, body: Blob, onSent: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PATCH', url)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.upload.addEventListener('progress', ({ loaded }) => onSent(loaded))
    request.addEventListener('load', () =>
      request.status === 200 ? resolve() : reject(new Error(`The node answered ${request.status}.`)),
    )
    request.addEventListener('error', () => reject(new Error('The connection to the node was lost.')))
    request.addEventListener('abort', () => reject(new Error('The upload was stopped.')))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(body)
  })
}
