import { Type, type Static } from 'typebox'
import { Nullable, Timestamp, named } from './common.ts'

const Values = Type.Array(Nullable(Type.Number()))

/** Lowest, mean and highest value of each interval; null where nothing was measured. */
const MetricRange = named('MetricRange', Type.Object({ min: Values, avg: Values, max: Values }))

/** What was used over a time, one interval after the other. A gap is null, never zero. */
export const MetricHistory = named(
  'MetricHistory',
  Type.Object({
    /** Beginning of the first interval. */
    from: Timestamp,
    /** Length of an interval; at least what was asked for. */
    stepMs: Type.Integer({ minimum: 1 }),
    /** 100 is one core. */
    cpuPercent: MetricRange,
    /** Working set, without reclaimable page cache. */
    memoryBytes: MetricRange,
    diskBytes: MetricRange,
    networkRxBytesPerSecond: MetricRange,
    networkTxBytesPerSecond: MetricRange,
  }),
)
export type MetricHistory = Static<typeof MetricHistory>
