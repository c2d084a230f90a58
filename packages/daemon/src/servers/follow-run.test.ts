import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { AppError } from '@hatchery/core/errors'
import type { OutputChunk, RunningProcess, Runtime } from '@hatchery/core/runtime'
import { ConsoleLog } from '../console/console-log.ts'
import { createMemoryRuntime } from '../runtimes/memory/index.ts'
import { followRun } from './follow-run.ts'

const SERVER = '00000000-0000-4000-8000-000000000001'
const ENDED: RunningProcess = {
  isRunning: false,
  startedAt: 1,
  finishedAt: 2,
  exitCode: 0,
  oomKilled: false,
  runKey: 'k',
}
const chunk = (ns: number): OutputChunk => ({ at: ns, atNs: String(ns), text: `line ${ns}` })

/** A runtime of which a test says what following and waiting give. */
function scripted(parts: Partial<Runtime>): Runtime {
  return Object.assign(createMemoryRuntime(), parts)
}

async function follow(runtime: Runtime, prepare: (console: ConsoleLog) => void = () => {}) {
  const directory = mkdtempSync(join(tmpdir(), 'hatchery-follow-'))
  const console = new ConsoleLog(directory, { now: () => 1 })
  console.beginRun(1)
  prepare(console)
  const options = { runtime, server: SERVER, console, log: pino({ level: 'silent' }), onLine: () => {} }
  try {
    const end = await followRun(options, new AbortController().signal)
    return { end, lines: console.tail(100).map(({ kind, text }) => (kind === 'gap' ? 'GAP' : text)) }
  } finally {
    await console.close()
    rmSync(directory, { recursive: true })
  }
}

test('following again from the last line, inclusive, repeats nothing', async () => {
  const since: (string | undefined)[] = []
  const all = [chunk(10), chunk(20), chunk(30), chunk(40)]
  const exit = Promise.withResolvers<RunningProcess>()
  const runtime = scripted({
    async *output(_server, options) {
      since.push(options.sinceNs)
      const rest = all.filter(({ atNs }) => Number(atNs) >= Number(options.sinceNs ?? 0))
      // Cut off after two lines, as an engine does when it rotates its log.
      yield* rest.slice(0, 2)
      if (since.length === 4) exit.resolve(ENDED)
    },
    waitForExit: () => exit.promise,
  })
  const { lines, end } = await follow(runtime)
  expect(lines).toEqual(['line 10', 'line 20', 'line 30', 'line 40'])
  expect(since.slice(0, 4)).toEqual([undefined, '20', '30', '40'])
  expect(end).toEqual({ process: ENDED, isInterrupted: false })
})

test('where the last known line is gone, the console says that lines are missing', async () => {
  const runtime = scripted({
    async *output() {
      yield chunk(50)
    },
    waitForExit: async () => ENDED,
  })
  const { lines } = await follow(runtime, (console) => console.append('out', 'line 10', 10, '10'))
  expect(lines).toEqual(['line 10', 'GAP', 'line 50'])
})

test('a server that ended while the engine was away was interrupted', async () => {
  const runtime = scripted({
    // oxlint-disable-next-line require-yield
    async *output() {
      throw new AppError('RUNTIME_UNAVAILABLE', { runtime: 'x', reason: 'gone' })
    },
    waitForExit: async () => {
      throw new AppError('RUNTIME_UNAVAILABLE', { runtime: 'x', reason: 'gone' })
    },
    inspect: async () => ENDED,
  })
  expect((await follow(runtime)).end).toEqual({ process: ENDED, isInterrupted: true })
})

test('a server that lived through the absence of the engine and ends later was not', async () => {
  let waits = 0
  const runtime = scripted({
    async *output() {
      yield chunk(10)
    },
    waitForExit: async () => {
      waits += 1
      if (waits === 1) throw new AppError('RUNTIME_UNAVAILABLE', { runtime: 'x', reason: 'gone' })
      return ENDED
    },
    inspect: async () => ({ ...ENDED, isRunning: true }),
  })
  expect((await follow(runtime)).end).toEqual({ process: ENDED, isInterrupted: false })
})
