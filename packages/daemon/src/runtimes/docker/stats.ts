import type { ContainerInspectInfo } from 'dockerode'
import type { Runtime, ServerId } from '@hatchery/core/runtime'
import { CpuMeter, findCgroup, readCgroup, readNetwork, type CgroupPaths } from '../cgroup.ts'
import type { Engine } from './engine.ts'
import { runKey } from './run-key.ts'

type Stats = NonNullable<Awaited<ReturnType<Runtime['stats']>>>

/** What stays the same while a container runs, so that a reading costs no call to the engine. */
interface Running {
  readonly id: string
  readonly runKey: string
  readonly pid: number
  readonly startedAt: number
  readonly memoryLimit: number
  readonly cgroup: CgroupPaths | null
}

/** Readings from the kernel's own files; the engine's API only where they cannot be read (the agent in another namespace). */
export class StatsReader {
  readonly #engine: Engine
  readonly #running = new Map<ServerId, Running>()
  readonly #cpu = new CpuMeter()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  forget(server: ServerId): void {
    this.#running.delete(server)
    this.#cpu.forget(server)
  }

  /** The running container: from memory while its first process lives, else from `look`. */
  async known(server: ServerId, look: () => Promise<ContainerInspectInfo | null>): Promise<Running | null> {
    const known = this.#running.get(server)
    if (known?.cgroup && (await findCgroup(known.pid, known.id))) return known
    this.#running.delete(server)
    const container = await look()
    if (!container?.State.Running || container.State.Pid === 0) return null
    const running = {
      id: container.Id,
      runKey: runKey(container),
      pid: container.State.Pid,
      startedAt: Date.parse(container.State.StartedAt),
      memoryLimit: container.HostConfig.Memory ?? 0,
      cgroup: await findCgroup(container.State.Pid, container.Id),
    }
    this.#running.set(server, running)
    return running
  }

  async read(server: ServerId, running: Running): Promise<Stats | null> {
    const usage = running.cgroup && (await readCgroup(running.cgroup))
    if (!usage) return this.#fromEngine(server, running)
    const network = await readNetwork(running.pid)
    const at = Date.now()
    return {
      at,
      runKey: running.runKey,
      cpuMs: usage.cpuMs,
      cpuPercent: this.#cpu.percent(server, running.id, usage.cpuMs, running.startedAt),
      memoryBytes: usage.memoryBytes,
      memoryLimitBytes: usage.memoryLimitBytes ?? running.memoryLimit,
      networkRxBytes: network?.rxBytes ?? 0,
      networkTxBytes: network?.txBytes ?? 0,
      uptimeMs: Math.max(0, at - running.startedAt),
      pids: usage.pids,
    }
  }

  async #fromEngine(server: ServerId, running: Running): Promise<Stats | null> {
    const stats = await this.#engine.find((docker) =>
      docker.getContainer(running.id).stats({ stream: false, 'one-shot': true }),
    )
    if (!stats?.memory_stats?.usage) return null
    const memory = stats.memory_stats.stats as unknown as Record<string, number | undefined>
    const inactive = memory['total_inactive_file'] ?? memory['inactive_file'] ?? 0
    const networks = Object.values(stats.networks ?? {})
    const at = Date.now()
    const cpuMs = stats.cpu_stats.cpu_usage.total_usage / 1e6
    return {
      at,
      runKey: running.runKey,
      cpuMs,
      cpuPercent: this.#cpu.percent(server, running.id, cpuMs, running.startedAt),
      memoryBytes: Math.max(0, stats.memory_stats.usage - inactive),
      memoryLimitBytes: running.memoryLimit,
      networkRxBytes: networks.reduce((sum, network) => sum + network.rx_bytes, 0),
      networkTxBytes: networks.reduce((sum, network) => sum + network.tx_bytes, 0),
      uptimeMs: Math.max(0, at - running.startedAt),
      pids: stats.pids_stats?.current ?? 0,
    }
  }
}
