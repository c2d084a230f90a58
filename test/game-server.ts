import type { Client, Server } from '@hatchery/core/sdk'
import { until, type Product } from './product.ts'

export interface GameServerOptions {
  readonly name: string
  /** The line that runs; `{{SERVER_PORT}}` works as in every egg. */
  readonly startup: string
  /** @default the local image of busybox */
  readonly image?: string
  readonly done?: string
  readonly stop?: string
  readonly install?: { readonly script: string; readonly image: string; readonly entrypoint: string }
  readonly start?: boolean
  readonly memoryMiB?: number
  readonly cpuPercent?: number
  readonly features?: readonly string[]
  readonly images?: Readonly<Record<string, string>>
}

/** An egg file around one command, for tests that need a server and not a game. */
export function eggFor(options: GameServerOptions): string {
  const image = options.image ?? 'hatchery.test/busybox:1'
  return JSON.stringify({
    meta: { version: 'PTDL_v2', update_url: null },
    name: options.name,
    author: 'tests@hatchery.example',
    description: '',
    features: options.features ?? [],
    docker_images: options.images ?? { Test: image },
    file_denylist: [],
    startup: options.startup,
    config: {
      files: '{}',
      startup: JSON.stringify({ done: options.done ?? 'ready' }),
      logs: '{}',
      stop: options.stop ?? '^C',
    },
    scripts: {
      installation: {
        script: options.install?.script ?? '',
        container: options.install?.image ?? image,
        entrypoint: options.install?.entrypoint ?? 'sh',
      },
    },
    variables: [],
  })
}

/** Imports an egg of this command, creates a server from it, and waits until it is installed (and runs, with `start`). */
export async function createGameServer(
  { client }: Pick<Product, 'client'>,
  options: GameServerOptions,
): Promise<Server> {
  const nest = await testNest(client)
  const egg = await client.importEgg({ body: { nest, text: eggFor(options), onExisting: 'create' } })
  const { id: owner } = await client.getAccount()
  const { server } = await client.createServer({
    body: {
      name: options.name,
      egg: egg.id,
      owner,
      limits: {
        memoryMiB: options.memoryMiB ?? 256,
        swapMiB: 0,
        diskMiB: 1024,
        cpuPercent: options.cpuPercent ?? 0,
        cpuPinning: null,
        ioWeight: 500,
        pids: 128,
      },
      startWhenInstalled: options.start ?? false,
    },
  })
  return waitForState(client, server.id, options.start ? 'running' : 'offline')
}

/** The server once it is in this state and installed. */
export async function waitForState(client: Client, id: string, state: string, timeoutMs = 60_000): Promise<Server> {
  return until(
    async () => {
      const server = await client.getServer({ params: { server: id } })
      if (server.state === 'install_failed' && state !== 'install_failed')
        throw new Error(`the installation of ${server.name} failed`)
      return server.state === state && (server.isInstalled || state === 'install_failed') ? server : null
    },
    timeoutMs,
    `server ${id} is ${state}`,
  )
}

async function testNest(client: Client): Promise<string> {
  const { data } = await client.listNests({ query: { limit: 100 } })
  const found = data.find((nest) => nest.name === 'Tests')
  return found ? found.id : (await client.createNest({ body: { name: 'Tests' } })).id
}
