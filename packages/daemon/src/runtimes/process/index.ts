import { ProcessRuntime, type ProcessRuntimeOptions } from './process-runtime.ts'

/** Runs servers as plain processes of this machine, without isolation: for development and demonstrations. */
export function createProcessRuntime(options: ProcessRuntimeOptions): ProcessRuntime {
  return new ProcessRuntime(options)
}

export type { ProcessRuntime, ProcessRuntimeOptions }
