import { availableParallelism, loadavg } from 'node:os'

/** The value below which this share of the sorted ones lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** Times on a machine that does other things are longer; a figure says so. */
export function machineLoad(): string {
  const [load = 0] = loadavg()
  return `load ${load.toFixed(1)} on ${availableParallelism()} cores`
}
