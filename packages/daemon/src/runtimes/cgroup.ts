import { readFile } from 'node:fs/promises'

/** Directories of one cgroup; version 2 has one for all controllers. */
export interface CgroupPaths {
  readonly version: 1 | 2
  readonly memory: string
  readonly cpu: string
  readonly pids: string
}

export interface CgroupUsage {
  /** Working set: without the page cache that the kernel can take back. */
  readonly memoryBytes: number
  /** null when there is no limit. */
  readonly memoryLimitBytes: number | null
  readonly cpuMs: number
  readonly pids: number
}

const ROOT = '/sys/fs/cgroup'
const read = (path: string) => readFile(path, 'utf8').catch(() => null) // gone or not ours to read: the caller has another way

/** Finds the cgroup of a process; `mark` must be part of its path, so that a pid given to somebody else is not measured. */
export async function findCgroup(pid: number, mark: string): Promise<CgroupPaths | null> {
  const text = await read(`/proc/${pid}/cgroup`)
  if (!text?.includes(mark)) return null
  const paths = new Map(
    text.split('\n').flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
      return controllers === undefined || path === undefined
        ? []
        : controllers.split(',').map((name) => [name, path] as const)
    }),
  )
  const memory = paths.get('memory')
  if (memory !== undefined) {
    const cpu = `${ROOT}/cpuacct${paths.get('cpuacct') ?? memory}`
    return { version: 1, memory: `${ROOT}/memory${memory}`, cpu, pids: `${ROOT}/pids${paths.get('pids') ?? memory}` }
  }
  const unified = `${ROOT}${paths.get('') ?? ''}`
  return { version: 2, memory: unified, cpu: unified, pids: unified }
}

/** One reading; null when the cgroup is gone. */
export async function readCgroup(paths: CgroupPaths): Promise<CgroupUsage | null> {
  return paths.version === 1 ? readVersion1(paths) : readVersion2(paths)
}

async function readVersion1({ memory, cpu, pids }: CgroupPaths): Promise<CgroupUsage | null> {
  const [usage, stat, limit, cpuNs, count] = await Promise.all([
    read(`${memory}/memory.usage_in_bytes`),
    read(`${memory}/memory.stat`),
    read(`${memory}/memory.limit_in_bytes`),
    read(`${cpu}/cpuacct.usage`),
    read(`${pids}/pids.current`),
  ])
  if (usage === null || cpuNs === null) return null
  return {
    memoryBytes: Math.max(0, Number(usage) - field(stat, 'total_inactive_file')),
    // Without a limit the kernel shows the largest number of pages there is.
    memoryLimitBytes: limit === null || Number(limit) > 2 ** 60 ? null : Number(limit),
    cpuMs: Number(cpuNs) / 1e6,
    pids: Number(count ?? 0),
  }
}

async function readVersion2({ memory, cpu, pids }: CgroupPaths): Promise<CgroupUsage | null> {
  const [usage, stat, limit, cpuStat, count] = await Promise.all([
    read(`${memory}/memory.current`),
    read(`${memory}/memory.stat`),
    read(`${memory}/memory.max`),
    read(`${cpu}/cpu.stat`),
    read(`${pids}/pids.current`),
  ])
  if (usage === null || cpuStat === null) return null
  return {
    memoryBytes: Math.max(0, Number(usage) - field(stat, 'inactive_file')),
    memoryLimitBytes: limit === null || limit.trim() === 'max' ? null : Number(limit),
    cpuMs: field(cpuStat, 'usage_usec') / 1000,
    pids: Number(count ?? 0),
  }
}

/** Bytes of all interfaces but loopback in the network namespace of a process. */
export async function readNetwork(pid: number): Promise<{ rxBytes: number; txBytes: number } | null> {
  const text = await read(`/proc/${pid}/net/dev`)
  if (text === null) return null
  let rxBytes = 0
  let txBytes = 0
  for (const line of text.split('\n').slice(2)) {
    const [name, values] = line.split(':')
    if (!values || name?.trim() === 'lo') continue
    const columns = values.trim().split(/\s+/)
    rxBytes += Number(columns[0])
    txBytes += Number(columns[8])
  }
  return { rxBytes, txBytes }
}

function field(text: string | null, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text ?? '')?.[1] ?? 0)
}

/** Within a shorter time a percentage says nothing: two readers may come one after the other. */
const SHORTEST_MS = 200

/** Turns CPU time used so far into a percentage since the reading before; 100 is one core. */
export class CpuMeter {
  readonly #last = new Map<string, { run: string; cpuMs: number; at: number; percent: number }>()

  percent(key: string, run: string, cpuMs: number, startedAt: number): number {
    const now = Date.now()
    const last = this.#last.get(key)
    if (last?.run === run && Math.abs(now - last.at) < SHORTEST_MS) return last.percent
    const since = last?.run === run && last.cpuMs <= cpuMs ? last : { cpuMs: 0, at: startedAt }
    const elapsed = now - since.at
    const percent = elapsed <= 0 ? 0 : Math.round(((cpuMs - since.cpuMs) / elapsed) * 100_000) / 1000
    this.#last.set(key, { run, cpuMs, at: now, percent })
    return percent
  }

  forget(key: string): void {
    this.#last.delete(key)
  }
}
