import { describe, test } from 'vitest'
import { CONFORMANCE_PROGRAM, describeRuntime } from '@hatchery/core/conformance'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import { randomUUID } from 'node:crypto'
import { createMemoryRuntime, type Program, type ProgramIo } from './index.ts'

/** The program of the suite in TypeScript, as this runtime has no shell. */
function conformanceProgram(files: Map<string, string>): (io: ProgramIo) => Program {
  return (io) => {
    io.print('ready')
    const burst = (count: number) => Array.from({ length: count }, (_, index) => io.print(`line ${index + 1}`))
    const answers: Record<string, (rest: string) => void> = {
      exit: (code) => io.exit(Number(code)),
      burst: (count) => void burst(Number(count)),
      env: (name) => io.print(`env=${io.spec.environment[name]}`),
      write: () => (files.set(io.spec.server, 'kept'), io.print('written')),
      read: () => io.print(files.get(io.spec.server) ?? ''),
      long: () => io.print('7'.padStart(64 * 1024, '0')),
      bytes: () => io.print('a\uFFFDb'),
      progress: () => io.print('done'),
      tail: () => (io.print('no line end'), io.exit(0)),
    }
    return {
      onLine: (line) => {
        const [word = '', rest = ''] = line.split(' ')
        const answer = answers[word]
        if (answer) answer(rest)
        else io.print(`got ${line}`)
      },
      onSignal: (signal) => {
        io.print(`caught ${signal.slice(3)}`)
        io.exit(0)
      },
    }
  }
}

describeRuntime({ describe, test }, 'memory', async () => {
  const runtime = createMemoryRuntime({
    program: conformanceProgram(new Map()),
    install: async (spec, onLine, signal) => {
      onLine(`value=${spec.environment['CONFORMANCE']}`)
      if (signal?.aborted) throw Object.assign(new Error('cancelled'), { code: 'CANCELLED' })
      return { exitCode: 4, oomKilled: false }
    },
  })
  const spec = async (overrides: Partial<RuntimeSpec> = {}): Promise<RuntimeSpec> => ({
    server: randomUUID(),
    image: 'none',
    startup: CONFORMANCE_PROGRAM,
    environment: {},
    limits: { memoryMiB: 64, swapMiB: 0, diskMiB: 0, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 },
    allocations: [],
    dataDirectory: '/nowhere',
    uid: 1000,
    gid: 1000,
    subnet: null,
    ...overrides,
  })
  return { runtime, spec, [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose]() }
})
