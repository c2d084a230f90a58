import { MemoryRuntime, type MemoryRuntimeOptions, type Program, type ProgramIo } from './memory-runtime.ts'

/**
 * A runtime in memory, for tests. Its program can be replaced.
 * @example createMemoryRuntime({ program: (io) => ({ onLine: (line) => io.print(`> ${line}`) }) })
 */
export function createMemoryRuntime(options: MemoryRuntimeOptions = {}): MemoryRuntime {
  return new MemoryRuntime(options)
}

export type { MemoryRuntime, MemoryRuntimeOptions, Program, ProgramIo }
