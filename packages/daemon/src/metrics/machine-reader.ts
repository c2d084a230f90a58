import { readFile, statfs } from 'node:fs/promises'
import type { Reading } from './metric-frame.ts'

interface Counters {
  readonly monoMs: number
  readonly busy: number
  readonly rxBytes: number
  readonly txBytes: number
}

/** Ticks of `/proc/stat` in a second, `USER_HZ` of every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** What the whole machine uses; quantities that this system does not tell are NaN. */
export class MachineReader {
  readonly #directory: string
  #last: Counters | null = null

  /** @param directory lies on the disk that is measured */
  constructor(directory: string) {
    this.#directory = directory
  }

  async read(monoMs: number): Promise<Reading> {
    const [stat, memory, network, disk] = await Promise.all([
      read('/proc/stat'),
      read('/proc/meminfo'),
      read('/proc/net/dev'),
      statfs(this.#directory),
    ])
    const now = { monoMs, busy: busyTicks(stat), ...traffic(network) }
    const last = this.#last
    this.#last = now
    const seconds = last ? (monoMs - last.monoMs) / 1000 : 0
    const rate = (pick: (counters: Counters) => number) =>
      last && seconds > 0 && pick(now) >= pick(last) ? (pick(now) - pick(last)) / seconds : Number.NaN
    return {
      cpuPercent: (rate(({ busy }) => busy) / TICKS_PER_SECOND) * 100,
      memoryBytes: usedMemory(memory),
      diskBytes: (disk.blocks - disk.bfree) * disk.bsize,
      networkRxBytesPerSecond: rate(({ rxBytes }) => rxBytes),
      networkTxBytesPerSecond: rate(({ txBytes }) => txBytes),
    }
  }
}

/** Not Linux, or not ours to read: the quantity stays unknown. */
const read = (path: string) => readFile(path, 'utf8').catch(() => null)

/** user, nice, system, irq, softirq and steal; neither idle nor waiting for a disk. */
function busyTicks(stat: string | null): number {
  const [, user, nice, system, , , irq, softirq, steal] = stat?.split('\n')[0]?.split(/\s+/).map(Number) ?? []
  return [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? Number.NaN), 0)
}

function usedMemory(memory: string | null): number {
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(memory ?? '')?.[1] ?? Number.NaN)
  return (kib('MemTotal') - kib('MemAvailable')) * 1024
}

/** Interfaces that carry the same bytes a second time. */
const INNER = /^(lo|veth|br-|docker|virbr|ifb|tap|tun)/

/** Bytes that came from and went to other machines. */
function traffic(text: string | null): { rxBytes: number; txBytes: number } {
  if (text === null) return { rxBytes: Number.NaN, txBytes: Number.NaN }
  let rxBytes = 0
  let txBytes = 0
  for (const line of text.split('\n').slice(2)) {
    const [name, values] = line.split(':')
    if (!values || INNER.test(name?.trim() ?? '')) continue
    const columns = values.trim().split(/\s+/)
    rxBytes += Number(columns[0])
    txBytes += Number(columns[8])
  }
  return { rxBytes, txBytes }
}
