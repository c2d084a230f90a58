import type { Selectable } from 'kysely'
import { configFilesOf, environmentOf, stopMethodOf, type Egg, type EggServer } from '@hatchery/core/eggs'
import type { ServerSpec } from '@hatchery/core/protocol'
import type { ServersTable } from '../storage/tables/servers.ts'
import { isSecretVariable } from './secret-variables.ts'
import { lifecycleOf } from './lifecycle.ts'

export interface SpecAllocationRow {
  readonly id: number
  readonly ip: string
  readonly port: number
  readonly alias: string | null
}

/** Everything that the wanted level of a server is made of. */
export interface SpecSource {
  readonly server: Selectable<ServersTable>
  readonly egg: Egg
  /** Values that differ from the egg's defaults, by environment name. */
  readonly variables: Readonly<Record<string, string>>
  readonly allocations: readonly SpecAllocationRow[]
  readonly holds: readonly string[]
  /** Name of the location of the node. */
  readonly location: string
  /** IANA name. */
  readonly timezone: string
}

/** The level that the panel wants a server to have; the same rows always give the same spec. */
export function buildSpec(source: SpecSource): ServerSpec {
  const { server, egg, allocations } = source
  const subject = eggServerOf(source)
  const primary = server.primary_allocation_id
  const environment = environmentOf(egg, subject, server.startup)
  const { crash, stopTimeoutMs } = lifecycleOf(server.lifecycle)

  return {
    id: server.uuid,
    generation: { epoch: server.generation_epoch, n: server.generation_n },
    authorityEpoch: server.authority_epoch,
    name: server.name,
    image: server.image,
    // References, not values: a variable's value is never read as shell text.
    startup: environment['STARTUP'] ?? '',
    environment,
    secretVariables: secretNames(egg, environment),
    limits: limitsOf(server),
    allocations: allocations.map(({ id, ip, port, alias }) => ({ ip, port, alias, isPrimary: id === primary })),
    done: [...egg.config.done],
    stripAnsi: egg.config.stripAnsi,
    stop: stopMethodOf(egg),
    stopTimeoutMs,
    configFiles: configFilesOf(egg, subject),
    install:
      egg.install === null || egg.install.script.trim() === ''
        ? null
        : { image: egg.install.container, entrypoint: egg.install.entrypoint, script: egg.install.script },
    fileDenylist: [...egg.fileDenylist],
    features: [...egg.features],
    crashPolicy: crash,
    holds: source.holds as ServerSpec['holds'],
  }
}

/** Each under both names that it has in the environment. The egg's own default is public, and hiding it would hide a word. */
function secretNames(egg: Egg, environment: Readonly<Record<string, string>>): string[] {
  const names = egg.variables
    .filter((variable) => isSecretVariable(variable) && environment[variable.envVariable] !== variable.defaultValue)
    .map(({ envVariable }) => envVariable)
  return [...new Set(names.flatMap((name) => [name, name.toUpperCase()]))]
}

/** How the egg library sees the server. */
export function eggServerOf({ server, variables, allocations, location, timezone }: SpecSource): EggServer {
  const primary = allocations.find(({ id }) => id === server.primary_allocation_id) ?? null
  return {
    uuid: server.uuid,
    name: server.name,
    location,
    image: server.image,
    memoryMiB: server.memory_mib,
    swapMiB: server.swap_mib,
    diskMiB: server.disk_mib,
    cpuPercent: server.cpu_percent,
    ioWeight: server.io_weight,
    threads: server.cpu_pinning,
    isOomKillerEnabled: server.oom_killer === 1,
    allocation: primary,
    furtherAllocations: allocations.filter((allocation) => allocation !== primary),
    allocationLimit: server.allocation_limit,
    timezone,
    variables,
  }
}

type LimitColumns = Pick<
  Selectable<ServersTable>,
  'memory_mib' | 'swap_mib' | 'disk_mib' | 'cpu_percent' | 'cpu_pinning' | 'io_weight' | 'pids_limit'
>

export function limitsOf(server: LimitColumns): ServerSpec['limits'] {
  return {
    memoryMiB: server.memory_mib,
    swapMiB: server.swap_mib,
    diskMiB: server.disk_mib,
    cpuPercent: server.cpu_percent,
    cpuPinning: server.cpu_pinning,
    ioWeight: server.io_weight,
    pids: server.pids_limit,
  }
}

/** The columns of limits, the other way round. */
export function limitColumns(limits: ServerSpec['limits']): LimitColumns {
  return {
    memory_mib: limits.memoryMiB,
    swap_mib: limits.swapMiB,
    disk_mib: limits.diskMiB,
    cpu_percent: limits.cpuPercent,
    cpu_pinning: limits.cpuPinning,
    io_weight: limits.ioWeight,
    pids_limit: limits.pids,
  }
}
