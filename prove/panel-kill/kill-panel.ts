import process from 'node:process'
import { createLiveClient, type ConsoleLine } from '@hatchery/core/sdk'
import { createGameServer } from '../../test/game-server.ts'
import { deleteServers, startProduct, until, type Product } from '../../test/product.ts'

export interface PanelKillOptions {
  readonly kills: number
  /** Of the panel, beside this process's own. */
  readonly env: Readonly<Record<string, string>>
  onKill?(kill: number, failures: number): void
}

export interface PanelKillResult {
  readonly acknowledged: number
  readonly lines: number
  /** From the start of the new panel until the viewer's console went on. */
  readonly slowestRecoveryMs: number
  readonly failures: readonly string[]
}

/** Kills a panel under use so many times, and judges what a client saw and what is stored afterwards. */
export async function killPanel({ kills, env, onKill }: PanelKillOptions): Promise<PanelKillResult> {
  const first = await startProduct({ args: ['--demo'], env })
  const { dataDirectory, apiKey } = first
  const port = Number(new URL(first.url).port)
  const server = await createGameServer(first, {
    name: 'Counter',
    startup: `exec node -e 'let n=0;setInterval(()=>console.log("count "+n++),20);console.log("ready")'`,
    image: 'hatchery.local/demo-node:1',
    start: true,
  })
  const seen: ConsoleLine[] = []
  const live = createLiveClient({ url: first.url, key: apiKey })
  live.subscribe(`server-console:${server.id}`, ({ lines }) => void seen.push(...lines))
  await until(async () => seen.length > 50, 20_000, 'the console shows lines')

  const failures: string[] = []
  const acknowledged: string[] = []
  let slowestRecoveryMs = 0
  let product: Product = first
  for (let kill = 1; kill <= kills; kill += 1) {
    const { name } = await product.client.createLocation({ body: { name: `Place ${kill} of ${process.pid}` } })
    acknowledged.push(name)
    // The answer has arrived; what comes now must not undo it.
    process.kill(product.pid, 'SIGKILL')
    await new Promise((resolve) => product.process.once('exit', resolve))
    const before = seen.length
    const started = performance.now()
    product = await startProduct({ dataDirectory, port, apiKey, env })
    await until(async () => seen.length > before + 20, 30_000, `the console goes on after kill ${kill}`)
    slowestRecoveryMs = Math.max(slowestRecoveryMs, Math.round(performance.now() - started))
    const { state } = await product.client.getServer({ params: { server: server.id } })
    if (state !== 'running') failures.push(`after kill ${kill} the server is shown as ${state}`)
    onKill?.(kill, failures.length)
  }

  const stored = await locationsOf(product)
  failures.push(
    ...acknowledged.filter((name) => !stored.has(name)).map((name) => `${name} was acknowledged and is lost`),
  )
  const counts = countsOf(seen)
  for (let index = 1; index < counts.length; index += 1) {
    if (counts[index] !== counts[index - 1]! + 1) {
      failures.push(`the console went from ${counts[index - 1]} to ${counts[index]}`)
    }
  }
  live.close()
  await deleteServers(product.client)
  await product.stop()
  return { acknowledged: acknowledged.length, lines: counts.length, slowestRecoveryMs, failures }
}

async function locationsOf({ client }: Product): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await client.listLocations({ query: { limit: 100, ...(cursor ? { cursor } : {}) } })
    for (const { name } of page.data) names.add(name)
    cursor = page.nextCursor
  }
  return names
}

function countsOf(lines: readonly ConsoleLine[]): readonly number[] {
  return lines
    .filter((line) => line.kind === 'out')
    .map((line) => Number(/^count (\d+)/.exec(line.text)?.[1] ?? -1))
    .filter((count) => count >= 0)
}
