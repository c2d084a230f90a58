import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Lookup } from '@hatchery/core/outbound/dial'

/** Stands for the internet in tests; every other loopback address for what is private. */
export const PUBLIC_ADDRESS = '127.0.0.2'

export interface TestWeb extends AsyncDisposable {
  readonly origin: string
  readonly port: number
  /** Requests that arrived. */
  readonly requests: readonly IncomingMessage[]
  /** Connections that were opened, also those that sent nothing. */
  readonly connections: () => number
}

/** A web server on one loopback address. */
export async function openTestWeb(listener: RequestListener, address = PUBLIC_ADDRESS, port = 0): Promise<TestWeb> {
  let connections = 0
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  server.on('connection', () => void connections++)
  await new Promise<void>((resolve) => server.listen(port, address, resolve))
  const { port: taken } = server.address() as AddressInfo
  return {
    origin: `http://${address}:${taken}`,
    port: taken,
    requests,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A name server whose answers follow each other; the last one stays. */
export function createTestLookup(answers: readonly (readonly string[])[]): Lookup {
  let turn = 0
  return async () => answers[Math.min(turn++, answers.length - 1)]!
}
