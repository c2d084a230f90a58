import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Runtime } from '@hatchery/core/runtime'
import { openAgentState, type AgentState } from '../state/agent-state.ts'
import { UsageMeter } from '../usage/usage-meter.ts'
import { MetricStore } from './metric-store.ts'
import { Sampler, type MeasuredServer } from './sampler.ts'

const ID = 'aaaaaaaa-0000-4000-8000-000000000000'
const BEGIN = Date.UTC(2026, 0, 5)

let directory: string
let state: AgentState
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hatchery-sampler-'))
  state = openAgentState(directory)
})
afterEach(() => {
  state.close()
  rmSync(directory, { recursive: true, force: true })
})

function stage() {
  const at = { monoMs: 50_000, wallMs: BEGIN }
  let answer: () => Awaited<ReturnType<Runtime['stats']>> = () => null
  const server: MeasuredServer = {
    id: ID,
    isDeleted: false,
    measure: async () => answer(),
    diskBytes: () => 0,
    disk: { counted: 2048 },
  }
  const metrics = new MetricStore(state.file)
  const usage = new UsageMeter({ state: state.file, facts: state.facts, outbox: state.outbox })
  let finishedAt: number | null = null
  const sampler = new Sampler({
    servers: () => [server],
    runtime: {
      inspect: async () => ({
        isRunning: false,
        startedAt: 0,
        finishedAt,
        exitCode: 0,
        oomKilled: false,
        runKey: 'one',
      }),
    },
    state,
    metrics,
    usage,
    dataDirectory: directory,
    bootId: 'boot',
    now: () => at.wallMs,
    panelNow: () => at.wallMs,
    monoMs: () => at.monoMs,
    onClosed: () => {},
    log: pino({ level: 'silent' }),
  })
  return {
    sampler,
    metrics,
    usage,
    at,
    pass(ms: number) {
      at.monoMs += ms
      at.wallMs += ms
    },
    answers(next: typeof answer) {
      answer = next
    },
    endsAt(time: number) {
      finishedAt = time
    },
    read: () => metrics.read(at.wallMs, { server: ID, from: BEGIN, to: at.wallMs + 1, step: 1 }),
  }
}

const running = (cpuMs: number, uptimeMs: number, networkRxBytes = 0) => ({
  at: BEGIN,
  runKey: 'one',
  cpuMs,
  cpuPercent: 7,
  memoryBytes: 2 ** 20,
  memoryLimitBytes: 0,
  networkRxBytes,
  networkTxBytes: 0,
  uptimeMs,
  pids: 1,
})

test('turns counters into rates over the time of the monotonic clock, also while the wall clock is set', async () => {
  const { sampler, at, pass, answers, read } = stage()
  answers(() => running(1000, 0, 500))
  await sampler.tick()
  pass(10_000)
  at.wallMs += 120_000
  answers(() => running(6000, 10_000, 1500))
  await sampler.tick()
  const { cpuPercent, networkRxBytesPerSecond, diskBytes } = await read()
  expect(cpuPercent.avg.filter((value) => value !== null)).toEqual([7, 50])
  expect(networkRxBytesPerSecond.avg.at(-1)).toBe(100)
  expect(diskBytes.avg.at(-1)).toBe(2048)
})

test('leaves a gap where a server could not be measured, and counts its usage by the next reading', async () => {
  const { sampler, usage, pass, answers, read } = stage()
  await sampler.tick()
  pass(10_000)
  answers(() => running(1000, 10_000))
  await sampler.tick()
  pass(10_000)
  answers(() => {
    throw new Error('the engine is away')
  })
  await sampler.tick()
  pass(10_000)
  answers(() => running(4000, 30_000))
  await sampler.tick()
  expect((await read()).memoryBytes.avg).toEqual([null, 2 ** 20, null, 2 ** 20])
  expect(usage.totals(ID)).toMatchObject({ runningMs: 30_000, cpuMs: 4000 })
})

test('counts a run until it has ended, not until somebody looked', async () => {
  const { sampler, usage, at, pass, answers, endsAt } = stage()
  await sampler.tick()
  pass(10_000)
  answers(() => running(1000, 10_000))
  await sampler.tick()
  endsAt(at.wallMs + 4_000)
  pass(3_600_000)
  answers(() => null)
  await sampler.tick()
  expect(usage.totals(ID).runningMs).toBe(14_000)
})

test('measures the machine itself', async () => {
  const { sampler, metrics, at } = stage()
  await sampler.tick()
  const found = await metrics.read(at.wallMs, { server: null, from: BEGIN, to: at.wallMs + 1, step: 1 })
  expect(found.memoryBytes.avg[0]).toBeGreaterThan(0)
  expect(found.diskBytes.avg[0]).toBeGreaterThan(0)
})
