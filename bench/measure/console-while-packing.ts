import path from 'node:path'
import { createGameServer } from '../../test/game-server.ts'
import { startProduct, until, type Product } from '../../test/product.ts'
import { measureConsole } from '../console.bench.ts'
import { fillTree } from '../files.bench.ts'

/** Lines a second of the game beside it: a busy one. */
const RATE = 500
const CLIENTS = 3
/** What the negative control holds the agent up for, once a second. */
const HELD_UP_MS = 250

export interface PackingFigures {
  readonly p99Ms: number
  /** Archives that were packed meanwhile. */
  readonly archives: number
  /** The same with an agent that stands still for a quarter of a second each second. */
  readonly heldUpP99Ms: number
}

/** The delay of console lines of one server while the files of another one on the same node are packed again and again. */
export async function measureConsoleWhilePacking(): Promise<PackingFigures> {
  await using product = await startProduct({ args: ['--demo'] })
  const image = 'hatchery.local/demo-node:1'
  const { id: server } = await createGameServer(product, { name: 'Packed', startup: 'exec sleep 600', image })
  fillTree(path.join(product.dataDirectory, 'agent/volumes', server, 'data-1'))
  const stopped = new AbortController()
  let archives = 0
  const packing = (async () => {
    while (!stopped.signal.aborted) {
      await pack(product, server)
      archives += 1
    }
  })()
  const { p99Ms } = await measureConsole(product, RATE, { clients: CLIENTS })
  stopped.abort()
  await packing
  const pid = product.agentPid ?? product.pid
  const holding = setInterval(() => {
    process.kill(pid, 'SIGSTOP')
    setTimeout(() => process.kill(pid, 'SIGCONT'), HELD_UP_MS)
  }, 1_000)
  try {
    const heldUp = await measureConsole(product, RATE, { clients: CLIENTS })
    return { p99Ms, archives, heldUpP99Ms: heldUp.p99Ms }
  } finally {
    clearInterval(holding)
    process.kill(pid, 'SIGCONT')
  }
}

async function pack({ client }: Product, server: string): Promise<void> {
  const params = { server }
  const { operation } = await client.packFiles({
    params,
    body: { directory: '', names: ['world'], to: 'world.tar.zst' },
  })
  const status = async () => (await client.getOperation({ params: { operation } })).status
  await until(async () => ['succeeded', 'failed'].includes(await status()), 120_000, 'the archive')
  if ((await status()) !== 'succeeded') throw new Error('The archive was not packed.')
  await client.deleteFiles({ params, body: { paths: ['world.tar.zst'], isPermanent: true } })
}
