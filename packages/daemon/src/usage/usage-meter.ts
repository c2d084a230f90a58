import type { AgentState } from '../state/agent-state.ts'
import type { StateFile } from '../state/state-file.ts'
import { addAmounts, decodeAmounts, encodeAmounts, NOTHING, type Amounts } from './amounts.ts'
import { countInterval, type MeterClock, type MeterMark, type UsageReading } from './count-interval.ts'
import { HOUR_MS, hourOf, splitByHour } from './split-by-hour.ts'

/** Hours of one event. */
const EVENT_HOURS = 200
/** Closed hours stay here for a panel that was restored from an older state. */
const KEPT_MS = 35 * 24 * HOUR_MS
const REMOVE_ROWS = 500

interface MeterRow {
  readonly server: string
  readonly boot_id: string
  readonly mono_ms: number
  readonly wall_ms: number
  readonly run_key: string | null
  readonly run_cpu_ms: number
  readonly run_rx_bytes: number
  readonly run_tx_bytes: number
  readonly memory_mib: number
  readonly disk_mib: number
  readonly hour: number
  readonly hour_amounts: string
  readonly total_amounts: string
}

interface ClosedHour extends Amounts {
  readonly server: string
  readonly hour: number
}

export interface UsageMeterParts {
  readonly state: StateFile
  readonly facts: AgentState['facts']
  readonly outbox: AgentState['outbox']
}

/**
 * Counts what servers use, by the hour. What was counted, and up to where, is stored together in each tick: an agent that is
 * killed at any moment goes on from there, and what a server did meanwhile is in the next tick.
 *
 * Intervals are measured by the monotonic clock, which all processes of one boot share; the wall clock says only to which hour
 * they belong. An hour that is over never changes, and none is missing between the first one of a server and its deletion.
 */
export class UsageMeter {
  readonly #parts: UsageMeterParts

  constructor(parts: UsageMeterParts) {
    this.#parts = parts
  }

  /** The run of a server that was counted last; null if it did not run then. */
  lastRun(server: string): string | null {
    return this.#find(server)?.run_key ?? null
  }

  /** Everything a server has used since it is counted. */
  totals(server: string): Amounts {
    const row = this.#find(server)
    return row ? decodeAmounts(row.total_amounts) : NOTHING
  }

  /** Counts up to now. A server without a reading is counted when it has one again. @returns whether an hour was closed */
  observe(readings: ReadonlyMap<string, UsageReading>, clock: MeterClock): boolean {
    return this.#parts.state.transaction(() => {
      const began = this.#began(clock)
      const closed: ClosedHour[] = []
      for (const [server, reading] of readings) closed.push(...this.#count(server, reading, clock, began))
      this.#announce(closed, clock.wallMs)
      this.#removeOld(clock.wallMs)
      return closed.length > 0
    })
  }

  /** Closes the hour under way of a server that is deleted. */
  forget(server: string, at: number): void {
    this.#parts.state.transaction(() => {
      const row = this.#find(server)
      if (!row) return
      const closed = { server, hour: row.hour, ...decodeAmounts(row.hour_amounts) }
      this.#close(closed)
      this.#announce([closed], at)
      this.#parts.state.sql.run('delete from usage_meters where server = ?', server)
    })
  }

  /** Says all closed hours again, to a panel that may have lost some. It takes each only once. */
  repeat(at: number): void {
    const rows = this.#parts.state.sql.all<{ server: string; hour: number; amounts: string }>(
      'select server, hour, amounts from usage_hours order by hour, server',
    )
    this.#announce(
      rows.map(({ server, hour, amounts }) => ({ server, hour, ...decodeAmounts(amounts) })),
      at,
    )
  }

  #count(server: string, reading: UsageReading, clock: MeterClock, began: MeterClock): readonly ClosedHour[] {
    const row = this.#find(server)
    const mark = row ? markOf(row) : newMark(reading, clock, began)
    const { amounts, durationMs, next } = countInterval(mark, reading, clock)
    const openHour = row?.hour ?? this.#firstHour(server, clock.wallMs)
    const shares = splitByHour(amounts, durationMs, clock.wallMs, openHour)

    let inHour = row ? decodeAmounts(row.hour_amounts) : NOTHING
    const closed: ClosedHour[] = []
    for (const [index, share] of shares.entries()) {
      inHour = addAmounts(index === 0 ? inHour : NOTHING, share.amounts)
      if (index === shares.length - 1) break
      closed.push({ server, hour: share.hour, ...inHour })
    }
    for (const hour of closed) this.#close(hour)
    const total = addAmounts(row ? decodeAmounts(row.total_amounts) : NOTHING, amounts)
    this.#store(server, next, { hour: shares.at(-1)?.hour ?? openHour, inHour, total })
    return closed
  }

  /** A server that comes back within the hour of its deletion begins with the next one. */
  #firstHour(server: string, wallMs: number): number {
    const last = this.#parts.state.sql.get<{ hour: number | null }>(
      'select max(hour) as hour from usage_hours where server = ?',
      server,
    )?.hour
    return Math.max(hourOf(wallMs), (last ?? -HOUR_MS) + HOUR_MS)
  }

  /** When this installation has begun to count: what ran before then is counted from there on only. */
  #began(clock: MeterClock): MeterClock {
    const text = this.#parts.facts.read('metering') ?? this.#parts.facts.store('metering', JSON.stringify(clock))
    return JSON.parse(text) as MeterClock
  }

  #announce(hours: readonly ClosedHour[], at: number): void {
    for (let from = 0; from < hours.length; from += EVENT_HOURS) {
      const data = { hours: hours.slice(from, from + EVENT_HOURS), at }
      this.#parts.outbox.append({ name: 'usage.closed', data }, at)
    }
  }

  #close({ server, hour, ...amounts }: ClosedHour): void {
    this.#parts.state.sql.run(
      'insert into usage_hours (server, hour, amounts) values (?, ?, ?)',
      server,
      hour,
      encodeAmounts(amounts),
    )
  }

  #find(server: string): MeterRow | undefined {
    return this.#parts.state.sql.get<MeterRow>('select * from usage_meters where server = ?', server)
  }

  #store(
    server: string,
    mark: MeterMark,
    { hour, inHour, total }: { hour: number; inHour: Amounts; total: Amounts },
  ): void {
    this.#parts.state.sql.run(
      `insert or replace into usage_meters (server, boot_id, mono_ms, wall_ms, run_key, run_cpu_ms, run_rx_bytes,
        run_tx_bytes, memory_mib, disk_mib, hour, hour_amounts, total_amounts)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      server,
      mark.bootId,
      mark.monoMs,
      mark.wallMs,
      mark.runKey,
      mark.cpuMs,
      mark.rxBytes,
      mark.txBytes,
      mark.memoryMiB,
      mark.diskMiB,
      hour,
      encodeAmounts(inHour),
      encodeAmounts(total),
    )
  }

  #removeOld(wallMs: number): void {
    this.#parts.state.sql.run(
      `delete from usage_hours where rowid in (select rowid from usage_hours where hour < ? limit ${REMOVE_ROWS})`,
      wallMs - KEPT_MS,
    )
  }
}

function markOf(row: MeterRow): MeterMark {
  return {
    bootId: row.boot_id,
    monoMs: row.mono_ms,
    wallMs: row.wall_ms,
    runKey: row.run_key,
    cpuMs: row.run_cpu_ms,
    rxBytes: row.run_rx_bytes,
    txBytes: row.run_tx_bytes,
    memoryMiB: row.memory_mib,
    diskMiB: row.disk_mib,
  }
}

/** A server that was not counted before. A run that began since counting began is counted whole. */
function newMark({ run, diskBytes }: UsageReading, clock: MeterClock, began: MeterClock): MeterMark {
  const diskMiB = Math.round((diskBytes ?? 0) / 2 ** 20)
  const none = { ...clock, runKey: null, cpuMs: 0, rxBytes: 0, txBytes: 0, memoryMiB: 0, diskMiB }
  if (!run) return none
  const isNew = clock.bootId !== began.bootId || clock.monoMs - run.uptimeMs >= began.monoMs
  if (isNew) return { ...none, monoMs: clock.monoMs - run.uptimeMs }
  const { key, rxBytes, txBytes } = run
  return {
    ...none,
    runKey: key,
    cpuMs: Math.floor(run.cpuMs ?? 0),
    rxBytes,
    txBytes,
    memoryMiB: Math.round(run.memoryBytes / 2 ** 20),
  }
}
