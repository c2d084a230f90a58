import type { MetricHistory } from '@hatchery/core/sdk'

export type Quantity = Exclude<keyof MetricHistory, 'from' | 'stepMs'>

/** Of a whole time; null when nothing was measured in it. */
export interface Summary {
  readonly lowest: number
  readonly mean: number
  readonly peak: number
}

export function summarise({ min, avg, max }: MetricHistory[Quantity]): Summary | null {
  const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null)
  const means = known(avg)
  if (means.length === 0) return null
  return {
    lowest: known(min).reduce((lowest, value) => Math.min(lowest, value), Infinity),
    mean: means.reduce((sum, value) => sum + value, 0) / means.length,
    peak: known(max).reduce((peak, value) => Math.max(peak, value), -Infinity),
  }
}
