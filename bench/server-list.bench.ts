import { mkdtempSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { load, startPanel } from './load.ts'
import type { Figure } from './main.ts'
import { seed } from './seed.ts'

export interface ListResult {
  readonly requestsPerSecond: number
  readonly p99Ms: number
  /** Processor time of the panel for one request, user and system. */
  readonly cpuMicroseconds: number
  readonly failures: number
}

export interface ListBench extends AsyncDisposable {
  /** Loads the panel for a few seconds with so many sign-ins in turn. */
  run(sessions: number): ListResult
}

export interface ListBenchOptions {
  readonly databaseUrl: string
  readonly servers: number
  /** The panel gets one core, the load another. */
  readonly pinned: boolean
}

const SECONDS = 4
const SESSIONS = 200

/** Signed-in `GET /api/v1/servers?limit=25`; the first sign-in is of somebody who owns 25 servers and shares 5. */
export async function openListBench({ databaseUrl, servers, pinned }: ListBenchOptions): Promise<ListBench> {
  const tokens = await seed({ databaseUrl, servers, sessions: SESSIONS })
  const panel = await startPanel(databaseUrl, { pinned })
  const url = `${panel.url}/api/v1/servers?limit=25`
  load(url, tokens, { seconds: 2, pinned })
  return {
    run(sessions) {
      const before = panel.cpuSeconds()
      const result = load(url, tokens.slice(0, sessions), { seconds: SECONDS, pinned })
      const cpuMicroseconds = ((panel.cpuSeconds() - before) * 1e6) / (result.requestsPerSecond * SECONDS)
      return { ...result, cpuMicroseconds }
    },
    [Symbol.asyncDispose]: () => panel[Symbol.asyncDispose](),
  }
}

/** The round that other work on this machine disturbed least; failures of all rounds. */
export function bestOf(results: readonly ListResult[]): ListResult {
  const [best] = results.toSorted((a, b) => a.cpuMicroseconds - b.cpuMicroseconds)
  if (!best) throw new Error('nothing was measured')
  return {
    ...best,
    requestsPerSecond: Math.max(...results.map((result) => result.requestsPerSecond)),
    failures: results.reduce((sum, { failures }) => sum + failures, 0),
  }
}

/** A new SQLite file. */
export function newSqlite(): string {
  return `sqlite:${path.join(mkdtempSync(path.join(os.tmpdir(), 'hatchery-bench-')), 'panel.sqlite')}`
}

export async function bench(): Promise<readonly Figure[]> {
  await using few = await openListBench({ databaseUrl: newSqlite(), servers: 1000, pinned: true })
  await using many = await openListBench({ databaseUrl: newSqlite(), servers: 50_000, pinned: true })
  return (
    [
      ['SQLite, 1,000 servers, one session', few, 1],
      ['SQLite, 1,000 servers, 200 sessions', few, 200],
      ['SQLite, 50,000 servers, one session', many, 1],
    ] as const
  ).map(([name, panel, sessions]) => {
    const result = panel.run(sessions)
    return {
      name,
      value: result.requestsPerSecond,
      unit: 'requests/s',
      note: `p99 ${result.p99Ms.toFixed(1)} ms, ${result.cpuMicroseconds.toFixed(0)} µs CPU a request, ${result.failures} failures`,
    }
  })
}
