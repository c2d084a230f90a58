import { mkdtempSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { load, startPanel } from './load.ts'
import type { Figure } from './main.ts'
import { seed } from './seed.ts'

export interface ListResult {
  readonly requestsPerSecond: number
  readonly p99Ms: number
  readonly cpuMicroseconds: number
  readonly failures: number
}

const SECONDS = 8

/** Signed-in `GET /api/v1/servers?limit=25` by somebody who owns 25 servers and shares 5. */
export async function measureList(
  databaseUrl: string,
  servers: number,
  options: { readonly pinned: boolean; readonly sessions: number; readonly tokens?: readonly string[] },
): Promise<ListResult> {
  const tokens = options.tokens ?? (await seed({ databaseUrl, servers, sessions: Math.max(200, options.sessions) }))
  await using panel = await startPanel(databaseUrl, options)
  const url = `${panel.url}/api/v1/servers?limit=25`
  const used = options.sessions === 1 ? tokens.slice(0, 1) : tokens.slice(0, options.sessions)
  load(url, used, { seconds: 2, pinned: options.pinned })
  const before = panel.cpuSeconds()
  const result = load(url, used, { seconds: SECONDS, pinned: options.pinned })
  const cpuMicroseconds = ((panel.cpuSeconds() - before) * 1e6) / (result.requestsPerSecond * SECONDS)
  return { ...result, cpuMicroseconds }
}

/** A new SQLite file. */
export function newSqlite(): string {
  return `sqlite:${path.join(mkdtempSync(path.join(os.tmpdir(), 'hatchery-bench-')), 'panel.sqlite')}`
}

export async function bench(): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const [name, servers, sessions] of [
    ['SQLite, 1,000 servers, one session', 1000, 1],
    ['SQLite, 1,000 servers, 200 sessions', 1000, 200],
    ['SQLite, 50,000 servers, one session', 50_000, 1],
  ] as const) {
    const result = await measureList(newSqlite(), servers, { pinned: true, sessions })
    figures.push({
      name,
      value: result.requestsPerSecond,
      unit: 'requests/s',
      note: `p99 ${result.p99Ms.toFixed(1)} ms, ${result.cpuMicroseconds.toFixed(0)} µs CPU a request, ${result.failures} failures`,
    })
  }
  return figures
}
