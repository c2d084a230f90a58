import type { Amounts } from './amounts.ts'

const MIB = 2 ** 20

export interface MeterClock {
  /** Of the machine; the monotonic clock begins anew with it. */
  readonly bootId: string
  /** Milliseconds of the monotonic clock, the same in every process of this boot. */
  readonly monoMs: number
  readonly wallMs: number
}

export interface RunReading {
  readonly key: string
  readonly uptimeMs: number
  /** CPU time since the run began; null where only the percentage is known. */
  readonly cpuMs: number | null
  readonly cpuPercent: number
  readonly memoryBytes: number
  /** Since the run began. */
  readonly rxBytes: number
  readonly txBytes: number
}

export interface UsageReading {
  /** Null before it was counted. */
  readonly diskBytes: number | null
  /** Null while the server does not run. */
  readonly run: RunReading | null
  /** When the run that was counted last has ended, by the wall clock, if the runtime knows. */
  readonly endedAt: number | null
}

/** Up to where a server is counted. */
export interface MeterMark extends MeterClock {
  readonly runKey: string | null
  /** The counters of the run as they were read; whole numbers. */
  readonly cpuMs: number
  readonly rxBytes: number
  readonly txBytes: number
  readonly memoryMiB: number
  readonly diskMiB: number
}

export interface CountedInterval {
  readonly amounts: Amounts
  readonly durationMs: number
  readonly next: MeterMark
}

/**
 * What was used between the mark and now. A run that goes on is counted by the difference of its counters, a new one whole;
 * counters of one run that went back count as nothing rather than as less.
 */
export function countInterval(
  mark: MeterMark,
  { run, diskBytes, endedAt }: UsageReading,
  clock: MeterClock,
): CountedInterval {
  // After another boot, the monotonic clock itself says how long this one has lasted.
  const durationMs = Math.max(0, Math.round(mark.bootId === clock.bootId ? clock.monoMs - mark.monoMs : clock.monoMs))
  const diskMiB = diskBytes === null ? mark.diskMiB : Math.round(diskBytes / MIB)
  const memoryMiB = run ? Math.round(run.memoryBytes / MIB) : 0
  const isSame = run !== null && run.key === mark.runKey
  const now = {
    cpuMs: Math.floor(run?.cpuMs ?? 0),
    rxBytes: Math.floor(run?.rxBytes ?? 0),
    txBytes: Math.floor(run?.txBytes ?? 0),
  }
  const since = (kind: keyof typeof now) => Math.max(0, isSame ? now[kind] - mark[kind] : now[kind])

  const before = isSame || mark.runKey === null || endedAt === null ? 0 : within(endedAt - mark.wallMs, durationMs)
  const during = run ? (isSame ? durationMs : within(run.uptimeMs, durationMs - before)) : 0
  const amounts = {
    runningMs: before + during,
    cpuMs: run?.cpuMs === null ? Math.round((run.cpuPercent / 100) * during) : since('cpuMs'),
    memoryMiBMs: Math.round(before * mark.memoryMiB + during * (isSame ? (mark.memoryMiB + memoryMiB) / 2 : memoryMiB)),
    diskMiBMs: Math.round((durationMs * (mark.diskMiB + diskMiB)) / 2),
    rxBytes: since('rxBytes'),
    txBytes: since('txBytes'),
  }
  // A run that counts less than before keeps the higher mark, so that nothing is counted twice when it has caught up.
  const keep = (kind: keyof typeof now) => (isSame ? Math.max(mark[kind], now[kind]) : now[kind])
  return {
    amounts,
    durationMs,
    next: {
      ...clock,
      monoMs: Math.round(clock.monoMs),
      runKey: run?.key ?? null,
      cpuMs: keep('cpuMs'),
      rxBytes: keep('rxBytes'),
      txBytes: keep('txBytes'),
      memoryMiB,
      diskMiB,
    },
  }
}

const within = (ms: number, limit: number): number => Math.round(Math.min(Math.max(0, ms), Math.max(0, limit)))
