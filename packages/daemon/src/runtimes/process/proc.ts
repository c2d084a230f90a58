import { readFile, readdir } from 'node:fs/promises'

/** One process as `/proc/<pid>/stat` shows it. */
export interface ProcStat {
  readonly pid: number
  readonly parent: number
  readonly session: number
  readonly state: string
  /** Clock ticks since boot: with the pid it names one process for ever. */
  readonly startTicks: string
  readonly cpuMs: number
  readonly memoryBytes: number
}

/** The kernel's USER_HZ is 100 on every platform that Node runs on. */
const MS_PER_TICK = 10
const PAGE_BYTES = 4096

export function parseStat(text: string): ProcStat {
  // The name in brackets may hold anything, brackets and spaces too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const number = (index: number) => Number(fields[index - 3])
  return {
    pid: Number.parseInt(text, 10),
    state: fields[0] ?? '?',
    parent: number(4),
    session: number(6),
    cpuMs: (number(14) + number(15) + number(16) + number(17)) * MS_PER_TICK,
    startTicks: fields[22 - 3] ?? '',
    memoryBytes: number(24) * PAGE_BYTES,
  }
}

/** null when there is no such process, or only what is left of it for its parent to collect. */
export async function readStat(pid: number): Promise<ProcStat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null) // it has ended
  const stat = text === null ? null : parseStat(text)
  return stat && stat.state !== 'Z' && stat.state !== 'X' ? stat : null
}

/** Every process of a session, and the descendants that left it. */
export async function sessionProcesses(session: number): Promise<ProcStat[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const all = (await Promise.all(pids.map((pid) => readStat(Number(pid))))).filter((stat) => stat !== null)
  const found = new Map(all.filter((stat) => stat.session === session).map((stat) => [stat.pid, stat]))
  for (let size = -1; size !== found.size;) {
    size = found.size
    for (const stat of all) if (found.has(stat.parent)) found.set(stat.pid, stat)
  }
  return [...found.values()]
}
