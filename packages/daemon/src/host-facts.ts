import { statfs } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { arch, availableParallelism, hostname, release, totalmem, type } from 'node:os'
import type { AgentHello } from '@hatchery/core/protocol'
import type { Runtime, Volumes } from '@hatchery/core/runtime'

const MIB = 1024 * 1024

export const AGENT_VERSION = '0.1.0'

/** What this machine is and has; `doors` are those that the agent itself has opened. */
export async function readHostFacts(
  runtime: Runtime,
  volumes: Pick<Volumes, 'name' | 'capabilities'>,
  dataDirectory: string,
  clockOffsetMs: number,
  doors: Pick<AgentHello['host'], 'direct' | 'ssh'> = {},
): Promise<AgentHello['host']> {
  const disk = await statfs(dataDirectory)
  return {
    agentVersion: AGENT_VERSION,
    runtime: runtime.name,
    isolated: runtime.capabilities.isolation,
    capabilities: { ...runtime.capabilities },
    hostname: hostname(),
    os: readOsName(),
    kernel: `${type()} ${release()}`,
    architecture: arch(),
    cpuCount: availableParallelism(),
    memoryMiB: Math.floor(totalmem() / MIB),
    diskMiB: Math.floor((disk.blocks * disk.bsize) / MIB),
    clockOffsetMs,
    volumes: { driver: volumes.name, holdsLimits: volumes.capabilities.quota },
    ...doors,
  }
}

/** Changes with every boot; where the system does not say, every start of the agent counts as the same one. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // Not Linux.
    return 'unknown'
  }
}

function readOsName(): string {
  try {
    const [, name] = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? []
    return name ?? type()
  } catch {
    // Systems without this file are named by their kernel.
    return type()
  }
}
