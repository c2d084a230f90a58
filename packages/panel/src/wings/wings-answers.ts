import type { NodeHost, ServerStats } from '@hatchery/core/api'
import { matches, type ProcessState } from '@hatchery/core/protocol'
import { Type, type Static, type TSchema } from 'typebox'

type State = Static<typeof ProcessState>

const Utilization = Type.Object({
  memory_bytes: Type.Number(),
  memory_limit_bytes: Type.Number(),
  cpu_absolute: Type.Number(),
  network: Type.Object({ rx_bytes: Type.Number(), tx_bytes: Type.Number() }),
  uptime: Type.Number(),
  disk_bytes: Type.Number(),
})

const Details = Type.Object({
  state: Type.String(),
  utilization: Utilization,
  configuration: Type.Object({ uuid: Type.String() }),
})

const System = Type.Object({
  version: Type.String(),
  architecture: Type.String(),
  cpu_count: Type.Integer(),
  kernel_version: Type.String(),
  os: Type.String(),
})

export interface WingsDetails {
  readonly uuid: string
  readonly state: State
  readonly stats: ServerStats
}

/** An answer that has another form than every known Wings gives. */
export class WingsAnswerUnknown extends Error {
  override readonly name = 'WingsAnswerUnknown'
}

function read<S extends TSchema>(schema: S, value: unknown, what: string): Static<S> {
  if (!matches(schema, value)) throw new WingsAnswerUnknown(`The node's ${what} has an unknown form.`)
  return value as Static<S>
}

export function readDetails(value: unknown, now: number): WingsDetails {
  const { configuration, state, utilization } = read(Details, value, 'description of a server')
  return { uuid: configuration.uuid, state: readState(state), stats: toStats(utilization, now) }
}

export function readDetailsList(value: unknown, now: number): readonly WingsDetails[] {
  // Go writes an empty list as null.
  const list = read(Type.Array(Type.Unknown()), value ?? [], 'list of servers')
  return list.map((entry) => readDetails(entry, now))
}

export function readStats(value: unknown, now: number): ServerStats {
  return toStats(read(Utilization, value, 'readings'), now)
}

export function readLogs(value: unknown): readonly string[] {
  return read(Type.Object({ data: Type.Union([Type.Array(Type.String()), Type.Null()]) }), value, 'log').data ?? []
}

export function readHost(value: unknown, hostname: string): NodeHostValue {
  const system = read(System, value, 'description of itself')
  return {
    agentVersion: `wings ${system.version}`.slice(0, 64),
    runtime: 'docker',
    isolated: true,
    capabilities: { limits: true, install: true },
    hostname,
    os: system.os,
    kernel: system.kernel_version,
    architecture: system.architecture,
    cpuCount: system.cpu_count,
    // This Wings does not say.
    memoryMiB: 0,
    diskMiB: 0,
    clockOffsetMs: 0,
  }
}

export type NodeHostValue = Static<typeof NodeHost>

/** Clients accept unknown states; the panel keeps to the four that every Wings has. */
export function readState(text: string): State {
  return text === 'starting' || text === 'running' || text === 'stopping' ? text : 'offline'
}

function toStats(utilization: Static<typeof Utilization>, now: number): ServerStats {
  return {
    at: now,
    cpuPercent: utilization.cpu_absolute,
    memoryBytes: Math.round(utilization.memory_bytes),
    memoryLimitBytes: Math.round(utilization.memory_limit_bytes),
    diskBytes: Math.round(utilization.disk_bytes),
    networkRxBytes: Math.round(utilization.network.rx_bytes),
    networkTxBytes: Math.round(utilization.network.tx_bytes),
    uptimeMs: Math.round(utilization.uptime),
    // Not known to a Wings.
    pids: 0,
  }
}
