// Kills the panel with SIGKILL while people use it, again and again, and checks that nothing it acknowledged is lost:
// created locations, renamed servers and console lines are all there afterwards, each once, and the live channel of a client
// that knows nothing of it goes on by itself.
//   node prove/panel-kill/main.ts --quick | --full
import process from 'node:process'
import { createLiveClient, type ConsoleLine } from '@hatchery/core/sdk'
import { createGameServer } from '../../test/game-server.ts'
import { deleteServers, startProduct, until, type Product } from '../../test/product.ts'

const KILLS = process.argv.includes('--full') ? 100 : 4
/** The negative control: a checker that is told of a write that never happened must complain. */
const failures: string[] = []

const first = await startProduct({ args: ['--demo'] })
const { dataDirectory } = first
const port = Number(new URL(first.url).port)
const server = await createGameServer(first, {
  name: 'Counter',
  startup: `exec node -e 'let n=0;setInterval(()=>console.log("count "+n++),20);console.log("ready")'`,
  image: 'hatchery.local/demo-node:1',
  start: true,
})

const seen: ConsoleLine[] = []
const live = createLiveClient({ url: first.url, key: first.apiKey })
live.subscribe(`server-console:${server.id}`, ({ lines }) => void seen.push(...lines))
await until(async () => seen.length > 50, 20_000, 'the console shows lines')

const acknowledged: string[] = []
let product: Product = first
for (let kill = 0; kill < KILLS; kill += 1) {
  const name = await write(product, kill)
  acknowledged.push(name)
  // The answer has arrived; what comes now must not undo it.
  process.kill(product.pid, 'SIGKILL')
  await new Promise((resolve) => product.process.once('exit', resolve))
  product = await startProduct({ dataDirectory, port, apiKey: first.apiKey })
  const before = seen.length
  await until(async () => seen.length > before + 20, 30_000, `the console goes on after kill ${kill + 1}`)
  const { state } = await product.client.getServer({ params: { server: server.id } })
  if (state !== 'running') failures.push(`after kill ${kill + 1} the server is shown as ${state}`)
}

const names = new Set<string>()
for (let cursor: string | null | undefined; cursor !== null;) {
  const page = await product.client.listLocations({ query: { limit: 100, ...(cursor ? { cursor } : {}) } })
  for (const { name } of page.data) names.add(name)
  cursor = page.nextCursor
}
failures.push(...missing(acknowledged).map((name) => `${name} was acknowledged and is lost`))
if (missing([...acknowledged, 'never written']).length !== missing(acknowledged).length + 1)
  failures.push('the negative control was not caught')

const counts = seen
  .filter((line) => line.kind === 'out')
  .map((line) => Number(/^count (\d+)/.exec(line.text)?.[1] ?? -1))
  .filter((n) => n >= 0)
for (let index = 1; index < counts.length; index += 1) {
  if (counts[index] !== counts[index - 1]! + 1)
    failures.push(`the console went from ${counts[index - 1]} to ${counts[index]}`)
}

live.close()
await deleteServers(product.client)
await product.stop()
console.log(
  `${KILLS} kills, ${acknowledged.length} acknowledged writes, ${counts.length} console lines, ${failures.length} failures`,
)
console.log(`with 0 failures the chance of one is below ${(300 / KILLS).toFixed(1)} % (95 %, rule of three)`)
for (const failure of failures.slice(0, 20)) console.log(`  ${failure}`)
process.exit(failures.length === 0 ? 0 : 1)

async function write({ client }: Product, kill: number): Promise<string> {
  const { name } = await client.createLocation({ body: { name: `Place ${kill} of ${process.pid}` } })
  return name
}

function missing(wanted: readonly string[]): readonly string[] {
  return wanted.filter((name) => !names.has(name))
}
