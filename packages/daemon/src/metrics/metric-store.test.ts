import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StateFile } from '../state/state-file.ts'
import type { Reading } from './metric-frame.ts'
import { COARSE_MS, FINE_MS, MetricStore } from './metric-store.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const BEGIN = Date.UTC(2026, 0, 5)
const A = 'aaaaaaaa-0000-4000-8000-000000000000'
const B = 'bbbbbbbb-0000-4000-8000-000000000000'

let directory: string
let file: StateFile
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hatchery-metrics-'))
  file = StateFile.open(join(directory, 'agent.sqlite'))
})
afterEach(() => {
  file.close()
  rmSync(directory, { recursive: true, force: true })
})

const reading = (cpuPercent: number): Reading => ({
  cpuPercent,
  memoryBytes: 1024,
  diskBytes: Number.NaN,
  networkRxBytesPerSecond: 1,
  networkTxBytesPerSecond: 2,
})

function fill(store: MetricStore, from: number, to: number, valueAt: (at: number) => number | null): void {
  for (let at = from; at < to; at += FINE_MS) {
    const value = valueAt(at)
    store.add(at, new Map(value === null ? [] : [[A, reading(value)]]))
  }
}

const count = (table: string) => file.sql.get<{ n: number }>(`select count(*) as n from ${table}`)?.n

describe('metric store', () => {
  test('answers ten-second values, and what was not measured as null', async () => {
    const store = new MetricStore(file)
    fill(store, BEGIN, BEGIN + 5 * FINE_MS, (at) => (at === BEGIN + 2 * FINE_MS ? null : 50))
    const now = BEGIN + 5 * FINE_MS
    const found = await store.read(now, { server: A, from: BEGIN, to: now, step: 1 })
    expect(found).toMatchObject({ from: BEGIN, stepMs: FINE_MS })
    expect(found.cpuPercent.avg).toEqual([50, 50, null, 50, 50])
    expect(found.diskBytes.avg).toEqual([null, null, null, null, null])
    expect((await store.read(now, { server: B, from: BEGIN, to: now, step: 1 })).cpuPercent.avg).toEqual([
      null,
      null,
      null,
      null,
      null,
    ])
  })

  test('keeps lowest, mean and highest of five minutes for 30 days', async () => {
    const store = new MetricStore(file)
    fill(store, BEGIN, BEGIN + 2 * COARSE_MS + FINE_MS, (at) => (at === BEGIN ? 400 : 100))
    const later = BEGIN + 20 * DAY
    store.add(later, new Map())
    const found = await store.read(later, { server: A, from: BEGIN, to: BEGIN + 2 * COARSE_MS, step: 1 })
    expect(found.stepMs).toBe(COARSE_MS)
    expect(found.cpuPercent).toEqual({ min: [100, 100], avg: [110, 100], max: [400, 100] })
  })

  test('answers at most 400 intervals of any time', async () => {
    const store = new MetricStore(file)
    const found = await store.read(BEGIN, { server: null, from: 0, to: BEGIN, step: 1 })
    expect(found.stepMs % COARSE_MS).toBe(0)
    expect(found.cpuPercent.avg.length).toBeLessThanOrEqual(401)
    expect(found.from).toBeGreaterThan(BEGIN - 31 * DAY)
  })

  test('does not grow beyond a day of ten seconds and a month of five minutes', () => {
    const store = new MetricStore(file)
    fill(store, BEGIN, BEGIN + HOUR, () => 1)
    for (let day = 0; day < 40; day++) store.add(BEGIN + HOUR + day * DAY, new Map([[A, reading(1)]]))
    const end = BEGIN + HOUR + 39 * DAY
    for (let tick = 1; tick < 5; tick++) store.add(end + tick * FINE_MS, new Map([[A, reading(1)]]))
    expect(count('metric_fine')).toBeLessThanOrEqual(6)
    expect(count('metric_coarse')).toBeLessThanOrEqual(30)
  })

  test('goes on after a kill with what was stored, and sums up what was left', async () => {
    fill(new MetricStore(file), BEGIN, BEGIN + COARSE_MS - FINE_MS, () => 80)
    // Nothing is closed in order: the rows are all there is.
    const store = new MetricStore(file)
    store.add(BEGIN + COARSE_MS + FINE_MS, new Map([[A, reading(20)]]))
    const later = BEGIN + 3 * DAY
    const found = await store.read(later, { server: A, from: BEGIN, to: BEGIN + COARSE_MS, step: 1 })
    expect(found.cpuPercent.avg).toEqual([80])
  })

  test('takes newer readings where the clock was set back', async () => {
    const store = new MetricStore(file)
    fill(store, BEGIN, BEGIN + HOUR, () => 10)
    fill(store, BEGIN, BEGIN + HOUR, () => 20)
    const now = BEGIN + HOUR
    const found = await store.read(now, { server: A, from: BEGIN, to: now, step: 1 })
    expect(new Set(found.cpuPercent.avg)).toEqual(new Set([20]))
    expect(count('metric_fine')).toBe(360)
  })

  test('keeps the machine apart from its servers', async () => {
    const store = new MetricStore(file)
    store.add(
      BEGIN,
      new Map<string | null, Reading>([
        [null, reading(70)],
        [A, reading(30)],
      ]),
    )
    const read = (server: string | null) => store.read(BEGIN, { server, from: BEGIN, to: BEGIN + FINE_MS, step: 1 })
    expect((await read(null)).cpuPercent.avg).toEqual([70])
    expect((await read(A)).cpuPercent.avg).toEqual([30])
  })
})
