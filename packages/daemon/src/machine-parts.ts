import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import type { CliOptions } from './cli-options.ts'
import type { DaemonParts } from './create-daemon.ts'
import { createEndpoints } from './endpoints/index.ts'
import { createLocalFileTree } from './files/index.ts'
import { detectRuntime } from './runtimes/detect-runtime.ts'
import type { AgentState } from './state/agent-state.ts'
import { createDirectoryVolumes } from './volumes/index.ts'

/** The runtime of this machine and what belongs to it. */
export async function machineParts(
  options: Pick<CliOptions, 'runtime' | 'subnetRange'> & { readonly dataDirectory: string },
  log: Logger,
  installation: string,
  state: AgentState,
): Promise<DaemonParts> {
  const dataDirectory = resolve(options.dataDirectory)
  const say = (message: string, details?: Readonly<Record<string, unknown>>) => log.info({ ...details }, message)
  const { runtime, dockerRefusal } = await detectRuntime(options.runtime, {
    docker: { installation, subnetPool: options.subnetRange, log: say },
    process: { stateDirectory: join(dataDirectory, 'processes'), log: say },
  })
  if (dockerRefusal) log.warn({ reason: dockerRefusal }, 'Docker is not used')
  if (!runtime.capabilities.isolation) {
    log.warn({ runtime: runtime.name }, 'servers are NOT isolated: each can read and change this machine')
  }
  return {
    runtime,
    volumes: createDirectoryVolumes({ root: join(dataDirectory, 'volumes') }),
    files: (volume, owner) => createLocalFileTree({ server: volume.server, root: volume.dataDirectory, ...owner }),
    endpoints: createEndpoints({ allocationsOf: (server) => state.servers.find(server)?.spec?.allocations ?? [] }),
    outlivesAgent: runtime.name !== 'process',
  }
}
