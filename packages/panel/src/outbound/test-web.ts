import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Lookup } from '@hatchery/core/outbound/dial'

/** Stands for the internet in tests; every other loopback address for what is private. */
export const PUBLIC_ADDRESS = '127.0.0.2'

export interface TestWebServer extends AsyncDisposable {
  readonly port: number
  /** Connections that were opened, also those that sent nothing. */
  readonly connections: () => number
  /** Requests that arrived, `METHOD /path`. */
  readonly requests: readonly string[]
  readonly headers: readonly IncomingMessage['headers'][]
}

/** A web server on one loopback address. */
export async function openTestWeb(address: string, listener: RequestListener, port = 0): Promise<TestWebServer> {
  let connections = 0
  const requests: string[] = []
  const headers: IncomingMessage['headers'][] = []
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`)
    headers.push(request.headers)
    listener(request, response)
  })
  server.on('connection', () => void connections++)
  await new Promise<void>((resolve) => server.listen(port, address, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    requests,
    headers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A name server whose answers follow each other; the last one stays. */
export function createTestLookup(answers: Readonly<Record<string, readonly (readonly string[])[]>>): {
  readonly lookup: Lookup
  readonly asked: readonly string[]
} {
  const asked: string[] = []
  const lookup: Lookup = async (hostname) => {
    const turn = asked.filter((name) => name === hostname).length
    asked.push(hostname)
    const known = answers[hostname]
    const answer = known?.[Math.min(turn, known.length - 1)]
    if (!answer) throw Object.assign(new Error(`no such name: ${hostname}`), { code: 'ENOTFOUND' })
    return answer
  }
  return { lookup, asked }
}
