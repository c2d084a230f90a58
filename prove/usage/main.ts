/**
 * Kills the process that counts usage with SIGKILL at random moments, sets the clock by an hour, and compares what is counted
 * with the raw counters: they are equal, every hour is there once, and none is missing.
 *
 *   node --conditions=@hatchery/source prove/usage/main.ts [--full]
 *
 * Afterwards the same with agents that were broken on purpose, which has to be noticed.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { StateFile } from '../../packages/daemon/src/state/state-file.ts'
import { StateOutbox } from '../../packages/daemon/src/state/outbox.ts'
import { brokenBy, type Breakage } from '../broken/break-source.ts'
import type { World } from './world.ts'

const HOUR_MS = 3_600_000
const SERVER = 'aaaaaaaa-0000-4000-8000-000000000000'
const kills = process.argv.includes('--full') ? 1000 : 25

const BREAKAGES: Readonly<Record<string, Breakage>> = {
  'counts a run anew after each start': {
    file: 'count-interval.ts',
    find: 'run.key === mark.runKey',
    replace: 'run.key === mark.runKey && process.uptime() > 0.25',
  },
  'forgets the hour under way when it starts': {
    file: 'usage-meter.ts',
    find: 'let inHour = row ? decodeAmounts(row.hour_amounts) : NOTHING',
    replace: 'let inHour = row && process.uptime() > 0.25 ? decodeAmounts(row.hour_amounts) : NOTHING',
  },
}

async function prove(count: number, breakage?: Breakage): Promise<readonly string[]> {
  const directory = mkdtempSync(path.join(tmpdir(), 'hatchery-usage-'))
  let world: World = {
    server: SERVER,
    monoMs: 1_000_000,
    wallMs: Date.UTC(2026, 0, 1, 5, 30),
    run: { key: 'run-1', uptimeMs: 0, cpuMs: 0, rxBytes: 0, txBytes: 0 },
  }
  const show = () => {
    writeFileSync(path.join(directory, 'next.json'), JSON.stringify(world))
    renameSync(path.join(directory, 'next.json'), path.join(directory, 'world.json'))
  }
  const pass = () => {
    const ms = 1 + Math.floor(Math.random() * 60_000)
    const { key, uptimeMs, cpuMs, rxBytes, txBytes } = world.run
    const step = Math.random() < 0.02 ? (Math.random() < 0.5 ? HOUR_MS : -HOUR_MS) : 0
    const part = () => Math.floor(ms * Math.random())
    world = {
      ...world,
      monoMs: world.monoMs + ms,
      wallMs: world.wallMs + ms + step,
      run: {
        key,
        uptimeMs: uptimeMs + ms,
        cpuMs: cpuMs + part(),
        rxBytes: rxBytes + part(),
        txBytes: txBytes + part(),
      },
    }
    show()
  }
  const begin = (...more: readonly string[]) =>
    fork(path.join(import.meta.dirname, 'meter-process.ts'), [directory, ...more], {
      execArgv: ['--conditions=@hatchery/source'],
      env: { ...process.env, ...brokenBy(breakage) },
    })
  try {
    show()
    for (let kill = 0; kill < count; kill++) {
      const meter = begin()
      await once(meter, 'message')
      const end = performance.now() + Math.random() * 60
      while (performance.now() < end) {
        pass()
        await pause(1)
      }
      meter.kill('SIGKILL')
      await once(meter, 'exit')
      pass()
    }
    const last = begin('once')
    let totals: unknown
    last.on('message', (message) => (totals = message))
    await once(last, 'exit')
    return faultsOf(directory, world, totals as Record<string, number>)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function faultsOf(directory: string, { run }: World, totals: Readonly<Record<string, number>>): readonly string[] {
  const state = StateFile.open(path.join(directory, 'agent.sqlite'))
  const sent = new StateOutbox(state)
    .read(0, 100_000)
    .flatMap(({ event }) => (event.name === 'usage.closed' ? event.data.hours : []))
  const row = state.sql.get<{ hour_amounts: string }>('select hour_amounts from usage_meters')
  const open = JSON.parse(row?.hour_amounts ?? '[]') as readonly number[]
  state.close()
  const faults: string[] = []
  const expected = { runningMs: run.uptimeMs, cpuMs: run.cpuMs, rxBytes: run.rxBytes, txBytes: run.txBytes }
  const places = { runningMs: 0, cpuMs: 1, rxBytes: 4, txBytes: 5 }
  for (const kind of ['runningMs', 'cpuMs', 'rxBytes', 'txBytes'] as const) {
    const inHours = sent.reduce((sum, hour) => sum + hour[kind], open[places[kind]] ?? 0)
    if (totals[kind] !== expected[kind]) faults.push(`${kind}: ${totals[kind]} counted, ${expected[kind]} used`)
    if (inHours !== expected[kind]) faults.push(`${kind}: ${inHours} in the hours, ${expected[kind]} used`)
  }
  for (const [index, { hour }] of sent.entries()) {
    const before = sent[index - 1]
    if (before && hour - before.hour !== HOUR_MS) faults.push(`hour ${hour} follows hour ${before.hour}`)
  }
  if (sent.length === 0) faults.push('no hour was closed')
  return faults
}

let failed = 0
function say(isRight: boolean, text: string): void {
  if (!isRight) failed += 1
  console.log(`  ${isRight ? 'ok' : 'FAILED'}: ${text}`)
}

const faults = await prove(kills)
for (const fault of faults) console.log(`  ${fault}`)
say(faults.length === 0, `usage equals the raw counters over ${kills} kills`)
for (const [name, breakage] of Object.entries(BREAKAGES)) {
  const found = await prove(8, breakage)
  say(found.length > 0, `negative control: an agent that ${name} is noticed (${found.length} faults)`)
}
process.exitCode = failed > 0 ? 1 : 0
