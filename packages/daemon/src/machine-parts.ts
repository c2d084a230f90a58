import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Runtime } from '@hatchery/core/runtime'
import type { CliOptions } from './cli-options.ts'
import type { DaemonParts } from './create-daemon.ts'
import { createEndpoints } from './endpoints/index.ts'
import { FilesProcesses, createVolumeFileTree } from './files/index.ts'
import { detectRuntime, type DetectRuntimeOptions } from './runtimes/detect-runtime.ts'
import { createDockerRuntime } from './runtimes/docker/index.ts'
import type { AgentState } from './state/agent-state.ts'
import { chooseDriver, createDirectoryVolumes } from './volumes/index.ts'

/** The runtime of this machine and what belongs to it. */
export async function machineParts(
  options: Pick<CliOptions, 'runtime' | 'subnetRange' | 'volumes'> & { readonly dataDirectory: string },
  log: Logger,
  installation: string,
  state: AgentState,
): Promise<DaemonParts> {
  const dataDirectory = resolve(options.dataDirectory)
  const say = (message: string, details?: Readonly<Record<string, unknown>>) => log.info({ ...details }, message)
  const runtime = await chooseRuntime(options.runtime, log, state.facts, {
    docker: { installation, subnetPool: options.subnetRange, log: say },
    process: { stateDirectory: join(dataDirectory, 'processes'), log: say },
  })
  if (!runtime.capabilities.isolation) {
    log.warn({ runtime: runtime.name }, 'servers are NOT isolated: each can read and change this machine')
  }
  // Where servers are held apart, so is the work on their files: each server's own identity does it (RULES 21).
  const processes =
    process.getuid?.() === 0 && runtime.capabilities.isolation
      ? new FilesProcesses({ onError: (server, text) => log.warn({ server, text }, 'a files process has failed') })
      : null
  const root = join(dataDirectory, 'volumes')
  const { driver, reason } = await chooseDriver(root, options.volumes)
  say(`the disk limits of servers: ${driver.name}`, { reason, areHeld: driver.holdsLimits })
  return {
    runtime,
    volumes: createDirectoryVolumes({ root, driver }),
    files: (volume, owner) => processes?.treeOf(volume, owner) ?? createVolumeFileTree(volume, owner),
    endpoints: createEndpoints({ allocationsOf: (server) => state.servers.find(server)?.spec?.allocations ?? [] }),
    outlivesAgent: runtime.name !== 'process',
    async dispose() {
      await processes?.[Symbol.asyncDispose]()
      await runtime[Symbol.asyncDispose]()
    },
  }
}

/**
 * What the agent ran its servers with before, it goes on with: an engine that is away for a moment must not turn isolated
 * servers into plain processes. Its servers wait until it answers.
 */
async function chooseRuntime(
  wanted: CliOptions['runtime'],
  log: Logger,
  facts: AgentState['facts'],
  options: DetectRuntimeOptions,
): Promise<Runtime> {
  const known = facts.read('runtime')
  if (known === 'docker' && wanted !== 'process') return createDockerRuntime(options.docker)
  const { runtime, dockerRefusal } = await detectRuntime(
    known === 'process' && wanted === 'auto' ? known : wanted,
    options,
  )
  if (dockerRefusal) log.warn({ reason: dockerRefusal }, 'Docker is not used')
  facts.store('runtime', runtime.name)
  return runtime
}
