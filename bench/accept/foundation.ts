// What the foundation must reach, in the issue's words. Others may use this machine while it measures, so a line names the
// load it was measured under, and rates of one core are also judged by processor time.
import type { AcceptanceLine } from '../../scripts/accept.ts'
import { startProduct, type Product } from '../../test/product.ts'
import { measureConsole, type ConsoleResult } from '../console.bench.ts'
import { measureIdleProduct, type Memory } from '../measure/idle-product.ts'
import { newPostgres } from '../measure/postgres.ts'
import { prove, tests } from '../measure/prove.ts'
import { removeServers } from '../measure/remove-servers.ts'
import { machineLoad, percentile, whole } from '../measure/sentences.ts'
import { measureStartClick } from '../measure/start-click.ts'
import { bestOf, newSqlite, openListBench, type ListBench, type ListResult } from '../server-list.bench.ts'

const RATE = 4000
const MICROSECONDS_OF_RATE = 1e6 / RATE
const ROUNDS = 3
const LINES = 15_000
const isFull = process.env['HATCHERY_ACCEPT_FULL'] === '1'

let few: Promise<ListBench> | undefined
let product: Promise<Product> | undefined
const fewServers = () => (few ??= openListBench({ databaseUrl: newSqlite(), servers: 1000, pinned: true }))
const running = () => (product ??= startProduct({ args: ['--demo'] }))

/** Called after the last line. */
export async function finish(): Promise<void> {
  await (await few)?.[Symbol.asyncDispose]()
  const last = await product
  if (last) await removeServers(last)
  await last?.[Symbol.asyncDispose]()
}

function rounds(bench: ListBench, sessions: number): ListResult {
  return bestOf(Array.from({ length: ROUNDS }, () => bench.run(sessions)))
}

/** Two loads in turns, so that what else happens on the machine meets both; the ratio of the first's cost to the second's. */
function compare(first: () => ListResult, second: () => ListResult): { ratio: number; text: string } {
  const pairs = Array.from({ length: ROUNDS }, () => [first(), second()] as const)
  const [a, b] = [bestOf(pairs.map(([one]) => one)), bestOf(pairs.map(([, other]) => other))]
  const cost = ({ cpuMicroseconds }: ListResult) => `${cpuMicroseconds.toFixed(0)} µs`
  return { ratio: a.cpuMicroseconds / b.cpuMicroseconds, text: `${cost(a)} and ${cost(b)} CPU a request` }
}

const list: readonly AcceptanceLine[] = [
  {
    requirement: 'server list, SQLite, 1,000 servers and 200 users, no administrator: ≥ 4,000 requests/s on one core',
    async measure() {
      const best = rounds(await fewServers(), 1)
      const possible = 1e6 / best.cpuMicroseconds
      return {
        figure: `${whole(best.requestsPerSecond)} requests/s seen (${machineLoad()}); ${best.cpuMicroseconds.toFixed(0)} µs CPU a request, so ${whole(possible)} requests/s of an undisturbed core; ${best.failures} failures`,
        passed: best.failures === 0 && (best.requestsPerSecond >= RATE || best.cpuMicroseconds <= MICROSECONDS_OF_RATE),
      }
    },
  },
  {
    requirement: 'server list: 200 distinct sessions cost no more than one (≤ 1.1 times)',
    async measure() {
      const bench = await fewServers()
      const { ratio, text } = compare(
        () => bench.run(200),
        () => bench.run(1),
      )
      return { figure: `${text} with 200 and with one session: ${ratio.toFixed(2)} times`, passed: ratio <= 1.1 }
    },
  },
  {
    requirement: 'server list: the same rate with 50,000 servers (≥ 0.9 times)',
    async measure() {
      const bench = await fewServers()
      await using many = await openListBench({ databaseUrl: newSqlite(), servers: 50_000, pinned: true })
      const { ratio, text } = compare(
        () => bench.run(1),
        () => many.run(1),
      )
      return { figure: `${text} with 1,000 and with 50,000 servers: ${ratio.toFixed(2)} times`, passed: ratio >= 0.9 }
    },
  },
  {
    requirement: 'server list, PostgreSQL, 1,000 servers: ≥ 4,000 requests/s, unpinned',
    async measure() {
      await using database = await newPostgres()
      await using bench = await openListBench({ databaseUrl: database.url, servers: 1000, pinned: false })
      const best = rounds(bench, 1)
      return {
        figure: `${whole(best.requestsPerSecond)} requests/s (${machineLoad()}), ${best.cpuMicroseconds.toFixed(0)} µs CPU of the panel a request, ${best.failures} failures`,
        passed: best.failures === 0 && best.requestsPerSecond >= RATE,
      }
    },
  },
  {
    requirement: 'server list, PostgreSQL: the same rate with 50,000 servers (≥ 0.9 times)',
    async measure() {
      await using smallDatabase = await newPostgres()
      await using largeDatabase = await newPostgres()
      await using small = await openListBench({ databaseUrl: smallDatabase.url, servers: 1000, pinned: false })
      await using large = await openListBench({ databaseUrl: largeDatabase.url, servers: 50_000, pinned: false })
      const pairs = Array.from({ length: ROUNDS }, () => [small.run(1), large.run(1)] as const)
      const [few, many] = [bestOf(pairs.map(([one]) => one)), bestOf(pairs.map(([, other]) => other))]
      const ratio = many.requestsPerSecond / few.requestsPerSecond
      return {
        figure: `${whole(few.requestsPerSecond)} and ${whole(many.requestsPerSecond)} requests/s with 1,000 and with 50,000 servers: ${ratio.toFixed(2)} times`,
        passed: ratio >= 0.9,
      }
    },
  },
]

function memoryResult({ pssMiB, pairedMiB }: Memory, limitMb: number): { figure: string; passed: boolean } {
  const megabytes = (mebibytes: number) => mebibytes * 1.048576
  return {
    figure: `${megabytes(pssMiB).toFixed(1)} MB as counted here; ${megabytes(pairedMiB).toFixed(1)} MB where no other Node runs (this counts), with one server running`,
    passed: megabytes(pairedMiB) <= limitMb,
  }
}

const start: readonly AcceptanceLine[] = [
  {
    requirement: 'ready after `npm start` on an installed tree: ≤ 3 s',
    async measure() {
      const { readyMs, readyCpuSeconds } = await measureIdleProduct()
      const best = Math.min(...readyMs)
      return {
        figure: `${readyMs.map((ms) => `${(ms / 1000).toFixed(2)} s`).join(', ')} (${machineLoad()}); the least counts; panel and agent need ${readyCpuSeconds.toFixed(2)} s of processor time for it`,
        passed: best <= 3000,
      }
    },
  },
  {
    requirement: 'proportional memory after 60 s idle, panel: ≤ 120 MB',
    async measure() {
      const { panel } = await measureIdleProduct()
      return memoryResult(panel, 120)
    },
  },
  {
    requirement: 'proportional memory after 60 s idle, agent: ≤ 80 MB',
    async measure() {
      const { agent } = await measureIdleProduct()
      return memoryResult(agent, 80)
    },
  },
  {
    requirement: 'all of it in a 512 MB memory cgroup with one server running',
    async measure() {
      const { groupPeakMiB, groupAnonymousMiB, groupKills, isServerRunning } = await measureIdleProduct()
      return {
        figure: `npm start, panel and agent: ${groupAnonymousMiB.toFixed(0)} MiB anonymous after a minute, peak ${groupPeakMiB.toFixed(0)} MiB with caches of files, ${groupKills} processes ended for want of memory; the server ${isServerRunning ? 'runs' : 'does not run'} (its container has a group of its own, as Docker makes it)`,
        passed: groupKills === 0 && isServerRunning,
      }
    },
  },
]

function consoleFigure(result: ConsoleResult): string {
  const { page } = result
  return [
    `${whole(result.sent)} lines at ${whole(result.linesPerSecond)}/s: ${result.missing} missing, ${result.doubled} doubled, p99 ${result.steadyP99Ms.toFixed(0)} ms after two seconds, ${result.p99Ms.toFixed(0)} ms of all (${machineLoad()})`,
    `CPU a line: agent ${result.agentMicroseconds.toFixed(1)} µs, panel ${result.panelMicroseconds.toFixed(1)} µs for all clients`,
    `the game printed for ${result.gameSeconds.toFixed(2)} s`,
    ...(page
      ? [
          `Chromium: ${whole(page.lines)} lines, ${page.skipped} skipped, last line ${page.isShown ? 'shown' : 'not shown'}`,
        ]
      : []),
  ].join('; ')
}

const consoles: readonly AcceptanceLine[] = [
  {
    requirement:
      'console: 15,000 lines/s from one server to ten clients, one of them Chromium, without loss, p99 < 100 ms',
    async measure() {
      const result = await measureConsole(await running(), LINES, { withBrowser: true })
      const isComplete = result.missing === 0 && result.doubled === 0 && result.page?.isShown === true
      return { figure: consoleFigure(result), passed: isComplete && result.steadyP99Ms < 100 }
    },
  },
  {
    requirement: 'console: one stalled client changes nothing for the other nine, and nothing for the game',
    async measure() {
      const even = await measureConsole(await running(), LINES)
      const stalled = await measureConsole(await running(), LINES, { stalled: 1 })
      const isSame =
        stalled.steadyP99Ms <= Math.max(100, even.steadyP99Ms * 1.5) && stalled.gameSeconds <= even.gameSeconds * 1.02
      return {
        figure: `with it: ${consoleFigure(stalled)}. Without: p99 ${even.steadyP99Ms.toFixed(0)} ms, the game printed for ${even.gameSeconds.toFixed(2)} s`,
        passed: stalled.missing === 0 && stalled.doubled === 0 && isSame,
      }
    },
  },
  {
    requirement: 'start click to container running: `docker start` + 100 ms, p99',
    async measure() {
      const trials = isFull ? 200 : 30
      const { clickMs, dockerMs } = await measureStartClick(await running(), trials)
      const [click, docker] = [percentile(clickMs, 0.99), percentile(dockerMs, 0.99)]
      const medians = `medians ${percentile(clickMs, 0.5).toFixed(0)} and ${percentile(dockerMs, 0.5).toFixed(0)} ms`
      return {
        figure: `p99 of ${trials}: click ${click.toFixed(0)} ms, docker start ${docker.toFixed(0)} ms (${medians}; ${machineLoad()})`,
        passed: click <= docker + 100,
      }
    },
  },
]

const faults: readonly AcceptanceLine[] = [
  prove(
    'agent-kill',
    '`kill -9` of the agent under console load: no gap, no duplicate, right within 5 s, with control',
  ),
  prove('panel-kill', '`kill -9` of the panel: nothing acknowledged is lost, the client reconnects, with control'),
  tests(
    'daemon',
    'packages/daemon/src/runtimes/docker/engine-restart.test.ts',
    'Docker engine restart: right state, no duplicate container (an engine of its own)',
  ),
  prove('protocol', 'frames and handshakes that are malformed, replayed or somebody else’s crash nothing'),
  prove(
    'abuse',
    'eggs, requests, frames and tokens that are bad get an error with a code; no secret is told; with control',
  ),
]

export const lines: readonly AcceptanceLine[] = [...list, ...start, ...consoles, ...faults]
