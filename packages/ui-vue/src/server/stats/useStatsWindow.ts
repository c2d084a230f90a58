import type { ServerStats } from '@hatchery/core/sdk'
import { computed, shallowRef, watch, type Ref } from 'vue'

const WINDOW_MS = 60_000

export interface StatsPoint {
  /** Seconds since 1970, as the chart wants them. */
  readonly at: number
  readonly cpuPercent: number
  readonly memoryBytes: number
  readonly diskBytes: number
  /** Bytes per second since the reading before; null for the first one. */
  readonly rxRate: number | null
  readonly txRate: number | null
}

/** The readings of the last minute, network as a rate. */
export function useStatsWindow(stats: Readonly<Ref<ServerStats | undefined>>) {
  const points = shallowRef<readonly StatsPoint[]>([])
  let last: ServerStats | undefined

  watch(stats, (next) => {
    if (!next) {
      points.value = []
      last = undefined
      return
    }
    if (last && next.at <= last.at) return
    const point = toPoint(next, last)
    last = next
    const from = point.at - WINDOW_MS / 1000
    points.value = [...points.value.filter((one) => one.at >= from), point]
  })

  return { points, newest: computed(() => points.value.at(-1)) }
}

/** Readings in order as points of a chart. */
export function toPoints(readings: readonly ServerStats[]): readonly StatsPoint[] {
  return readings.map((reading, index) => toPoint(reading, readings[index - 1]))
}

/** A counter that went back started anew with a new run. */
function toPoint(next: ServerStats, last: ServerStats | undefined): StatsPoint {
  const seconds = last ? (next.at - last.at) / 1000 : 0
  const rate = (now: number, before: number): number | null =>
    seconds > 0 && now >= before ? (now - before) / seconds : null
  return {
    at: next.at / 1000,
    cpuPercent: next.cpuPercent,
    memoryBytes: next.memoryBytes,
    diskBytes: next.diskBytes,
    rxRate: last ? rate(next.networkRxBytes, last.networkRxBytes) : null,
    txRate: last ? rate(next.networkTxBytes, last.networkTxBytes) : null,
  }
}
