import { DockerRuntime, type DockerRuntimeOptions } from './docker-runtime.ts'

/**
 * Runs servers in Docker containers. The client library is loaded with the first call, so making one costs nothing.
 * @example const runtime = createDockerRuntime({ installation })
 */
export function createDockerRuntime(options: DockerRuntimeOptions): DockerRuntime {
  return new DockerRuntime(options)
}

export type { DockerRuntime, DockerRuntimeOptions }
