import type { Runtime } from '@hatchery/core/runtime'
import { createDockerRuntime, type DockerRuntimeOptions } from './docker/index.ts'
import { createProcessRuntime, type ProcessRuntimeOptions } from './process/index.ts'

export type RuntimeChoice = 'auto' | 'docker' | 'process'

export interface DetectRuntimeOptions {
  readonly docker: DockerRuntimeOptions
  readonly process: ProcessRuntimeOptions
  /** An engine that says nothing for this long is not there. @default 3000 */
  readonly timeoutMs?: number
}

export interface DetectedRuntime {
  readonly runtime: Runtime
  /** Why Docker was not taken; null when it was, or nobody asked for it. */
  readonly dockerRefusal: string | null
}

/**
 * The runtime of this machine. `auto` takes Docker where an engine answers, else plain processes.
 * @throws AppError `RUNTIME_UNAVAILABLE` when the one asked for does not work here
 */
export async function detectRuntime(choice: RuntimeChoice, options: DetectRuntimeOptions): Promise<DetectedRuntime> {
  let dockerRefusal: string | null = null
  if (choice !== 'process') {
    const docker = createDockerRuntime(options.docker)
    try {
      await docker.check(AbortSignal.timeout(options.timeoutMs ?? 3000))
      return { runtime: docker, dockerRefusal }
    } catch (error) {
      await docker[Symbol.asyncDispose]()
      if (choice === 'docker') throw error
      dockerRefusal = (error as Error).message
    }
  }
  const runtime = createProcessRuntime(options.process)
  await runtime.check()
  return { runtime, dockerRefusal }
}
