import { join } from 'node:path'
import { FactStore } from '../state/fact-store.ts'
import { StateOutbox } from '../state/outbox.ts'
import { StateFile } from '../state/state-file.ts'
import { KINDS, NOTHING, addAmounts, type Amounts } from './amounts.ts'
import type { MeterClock, UsageReading } from './count-interval.ts'
import { UsageMeter } from './usage-meter.ts'

/** A generator of numbers that is the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface SimulatedRun {
  key: string
  startedMonoMs: number
  cpuMs: number
  rxBytes: number
  txBytes: number
}

/**
 * A server on a machine whose agent is killed and whose wall clock is set, without waiting. What the server really used is
 * kept beside what the meter counts.
 */
export class SimulatedNode {
  readonly server: string
  readonly #path: string
  readonly #random: () => number
  #file: StateFile
  meter: UsageMeter
  outbox: StateOutbox
  monoMs = 1_000_000
  wallMs = Date.UTC(2026, 2, 1, 5, 30)
  run: SimulatedRun | null = null
  /** Counters of all runs, as they stood when each was read last. */
  readonly raw = { cpuMs: 0, rxBytes: 0, txBytes: 0 }
  /** By the monotonic clock. */
  runningMs = 0
  #read: SimulatedRun | null = null
  #runs = 0

  constructor(directory: string, server: string, random: () => number) {
    this.#path = join(directory, 'agent.sqlite')
    this.server = server
    this.#random = random
    ;[this.#file, this.meter, this.outbox] = this.#open()
  }

  get clock(): MeterClock {
    return { bootId: 'boot', monoMs: this.monoMs, wallMs: this.wallMs }
  }

  get sql(): StateFile['sql'] {
    return this.#file.sql
  }

  /** Time passes; the server works whether the agent lives or not. */
  pass(ms: number): void {
    this.monoMs += ms
    this.wallMs += ms
    if (!this.run) return
    this.runningMs += ms
    this.run.cpuMs += Math.floor(ms * this.#random())
    this.run.rxBytes += Math.floor(ms * 100 * this.#random())
    this.run.txBytes += Math.floor(ms * 50 * this.#random())
  }

  /** Starts another run, right after a tick, so that what is read is all there was. */
  restart(): void {
    this.#settle()
    this.#runs += 1
    this.run = { key: `run-${this.#runs}`, startedMonoMs: this.monoMs, cpuMs: 0, rxBytes: 0, txBytes: 0 }
  }

  stop(): void {
    this.#settle()
    this.run = null
  }

  tick(): void {
    this.meter.observe(new Map([[this.server, this.#reading()]]), this.clock)
    this.#read = this.run && { ...this.run }
  }

  /** SIGKILL: before the tick, in the middle of its transaction, or after it. */
  kill(): void {
    const when = this.#random()
    if (when < 0.4) {
      try {
        this.#file.transaction(() => {
          this.meter.observe(new Map([[this.server, this.#reading()]]), this.clock)
          throw new Error('killed')
        })
      } catch {
        // What was not committed is gone.
      }
    } else if (when < 0.6) {
      this.tick()
    }
    this.#file.close()
    ;[this.#file, this.meter, this.outbox] = this.#open()
  }

  close(): void {
    this.#settle()
    this.#file.close()
  }

  /** Hours that were sent, each once, in the order of sending. */
  sent(): readonly (Amounts & { readonly server: string; readonly hour: number })[] {
    return this.outbox.read(0, 100_000).flatMap(({ event }) => (event.name === 'usage.closed' ? event.data.hours : []))
  }

  sumOfHours(): Amounts {
    const open = this.sql.get<{ hour_amounts: string }>(
      'select hour_amounts from usage_meters where server = ?',
      this.server,
    )
    const values = JSON.parse(open?.hour_amounts ?? '[0,0,0,0,0,0]') as readonly number[]
    const last = Object.fromEntries(KINDS.map((kind, index) => [kind, values[index] ?? 0])) as unknown as Amounts
    return this.sent().reduce((sum, hour) => addAmounts(sum, hour), addAmounts(NOTHING, last))
  }

  #settle(): void {
    if (!this.#read) return
    this.raw.cpuMs += this.#read.cpuMs
    this.raw.rxBytes += this.#read.rxBytes
    this.raw.txBytes += this.#read.txBytes
    this.#read = null
  }

  #reading(): UsageReading {
    const { run } = this
    return {
      diskBytes: 512 * 2 ** 20,
      endedAt: null,
      run: run && {
        key: run.key,
        uptimeMs: this.monoMs - run.startedMonoMs,
        cpuMs: run.cpuMs,
        cpuPercent: 50,
        memoryBytes: 1024 * 2 ** 20,
        rxBytes: run.rxBytes,
        txBytes: run.txBytes,
      },
    }
  }

  #open(): [StateFile, UsageMeter, StateOutbox] {
    const file = StateFile.open(this.#path)
    const outbox = new StateOutbox(file)
    return [file, new UsageMeter({ state: file, facts: new FactStore(file), outbox }), outbox]
  }
}
