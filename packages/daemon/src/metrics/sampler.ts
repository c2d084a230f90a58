import type { Logger } from 'pino'
import type { Runtime } from '@hatchery/core/runtime'
import type { AgentState } from '../state/agent-state.ts'
import type { MeterClock, UsageReading } from '../usage/count-interval.ts'
import type { UsageMeter } from '../usage/usage-meter.ts'
import { MachineReader } from './machine-reader.ts'
import type { Reading } from './metric-frame.ts'
import { FINE_MS, type MetricStore } from './metric-store.ts'

type Stats = NonNullable<Awaited<ReturnType<Runtime['stats']>>>

/** A server as far as it is measured. */
export interface MeasuredServer {
  readonly id: string
  readonly isDeleted: boolean
  measure(): Promise<Stats | null>
  /** Begins a new count of the disk when the last one is older. */
  diskBytes(maxAgeMs?: number): number
  /** Null before the first count has ended. */
  readonly disk: { readonly counted: number | null }
}

export interface SamplerParts {
  readonly servers: () => readonly MeasuredServer[]
  readonly runtime: Pick<Runtime, 'inspect'>
  readonly state: Pick<AgentState, 'transaction'>
  readonly metrics: MetricStore
  readonly usage: UsageMeter
  /** On the disk whose use is measured. */
  readonly dataDirectory: string
  readonly bootId: string
  readonly now: () => number
  /** The wall clock as the panel has it: it decides to which hour usage belongs. */
  readonly panelNow: () => number
  /** Milliseconds since the boot, the same in every process. */
  readonly monoMs: () => number
  /** The outbox has hours that are over. */
  readonly onClosed: () => void
  readonly log: Logger
}

/** Servers that are read at once. */
const AT_ONCE = 8
/** Servers whose disk may be counted again in one tick: counting walks the whole tree. */
const DISKS_A_TICK = 2
const DISK_AGE_MS = 10 * 60_000

interface LastReading {
  readonly monoMs: number
  readonly stats: Stats
}

/** Reads every server and the machine every ten seconds, and stores all of it in one transaction. */
export class Sampler {
  readonly #parts: SamplerParts
  readonly #machine: MachineReader
  #last = new Map<string, LastReading>()
  #timer: NodeJS.Timeout | undefined
  #ticking: Promise<void> = Promise.resolve()
  #turn = 0

  constructor(parts: SamplerParts) {
    this.#parts = parts
    this.#machine = new MachineReader(parts.dataDirectory)
  }

  start(): void {
    // At the times that readings are labelled with, whatever a tick takes and whether the clock was set.
    const delay = FINE_MS - (this.#parts.now() % FINE_MS)
    this.#timer = setTimeout(() => {
      this.#ticking = this.tick()
        .catch((error: unknown) => this.#parts.log.error({ err: error }, 'readings could not be stored'))
        .finally(() => {
          if (this.#timer) this.start()
        })
    }, delay).unref()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#ticking
  }

  /** Reads and stores once. */
  async tick(): Promise<void> {
    const { servers, state, metrics, usage, now, panelNow, monoMs, bootId, onClosed } = this.#parts
    const present = servers().filter(({ isDeleted }) => !isDeleted)
    this.#countDisks(present)
    const readings = new Map<string | null, Reading>([[null, await this.#machine.read(monoMs())]])
    const used = new Map<string, UsageReading>()
    const last = new Map<string, LastReading>()
    const waiting = [...present]
    const work = async () => {
      for (let server = waiting.shift(); server; server = waiting.shift()) {
        try {
          const stats = await server.measure()
          const read = { monoMs: monoMs(), stats: stats as Stats }
          used.set(server.id, await this.#usageOf(server, stats))
          if (!stats) continue
          readings.set(server.id, this.#readingOf(server, read))
          last.set(server.id, read)
        } catch (error) {
          // Not known is not zero: the next reading counts for this time too.
          this.#parts.log.debug({ server: server.id, err: error }, 'a server could not be measured')
          const before = this.#last.get(server.id)
          if (before) last.set(server.id, before)
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    this.#last = last
    const clock: MeterClock = { bootId, monoMs: monoMs(), wallMs: panelNow() }
    const hasClosed = state.transaction(() => {
      metrics.add(now(), readings)
      return usage.observe(used, clock)
    })
    if (hasClosed) onClosed()
  }

  #countDisks(servers: readonly MeasuredServer[]): void {
    for (let count = 0; count < Math.min(DISKS_A_TICK, servers.length); count++) {
      this.#turn = (this.#turn + 1) % servers.length
      servers[this.#turn]?.diskBytes(DISK_AGE_MS)
    }
  }

  #readingOf({ id, disk }: MeasuredServer, { monoMs, stats }: LastReading): Reading {
    const last = this.#last.get(id)
    const seconds = last?.stats.runKey === stats.runKey ? (monoMs - last.monoMs) / 1000 : 0
    const rate = (pick: (stats: Stats) => number | null) => {
      const [from, to] = [last ? pick(last.stats) : null, pick(stats)]
      return seconds <= 0 || from === null || to === null || to < from ? Number.NaN : (to - from) / seconds
    }
    const cpu = rate(({ cpuMs }) => cpuMs)
    return {
      cpuPercent: Number.isNaN(cpu) ? stats.cpuPercent : cpu / 10,
      memoryBytes: stats.memoryBytes,
      diskBytes: disk.counted ?? Number.NaN,
      networkRxBytesPerSecond: rate(({ networkRxBytes }) => networkRxBytes),
      networkTxBytesPerSecond: rate(({ networkTxBytes }) => networkTxBytes),
    }
  }

  async #usageOf({ id, disk }: MeasuredServer, stats: Stats | null): Promise<UsageReading> {
    const before = this.#parts.usage.lastRun(id)
    const hasEnded = before !== null && before !== stats?.runKey
    const process = hasEnded ? await this.#parts.runtime.inspect(id) : null
    return {
      diskBytes: disk.counted,
      endedAt: process?.runKey === before ? (process?.finishedAt ?? null) : null,
      run: stats && {
        key: stats.runKey,
        uptimeMs: stats.uptimeMs,
        cpuMs: stats.cpuMs,
        cpuPercent: stats.cpuPercent,
        memoryBytes: stats.memoryBytes,
        rxBytes: stats.networkRxBytes,
        txBytes: stats.networkTxBytes,
      },
    }
  }
}
