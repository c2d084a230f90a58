import { Type, type Static } from 'typebox'
import { Nullable, Timestamp, Uuid } from '../api/schemas/common.ts'
import { MetricHistory } from '../api/schemas/metrics.ts'
import type { MethodSpec } from './methods.ts'

/** What the agent has measured over time. */
export const METRIC_METHODS = {
  'metrics.read': {
    class: 'read',
    deadlineMs: 15_000,
    summary: 'Read what a server, or the whole machine, used over a time',
    params: Type.Object({
      /** Null stands for the machine. */
      server: Nullable(Uuid),
      from: Timestamp,
      to: Timestamp,
      /** Shortest interval wanted, milliseconds. */
      step: Type.Integer({ minimum: 1 }),
    }),
    result: MetricHistory,
  },
} as const satisfies Record<string, MethodSpec>

const Amount = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** Integers of the smallest unit, so that sums are exact. */
export const UsageHour = Type.Object({
  server: Uuid,
  /** Beginning of the hour, milliseconds since 1970, UTC. */
  hour: Timestamp,
  runningMs: Amount,
  cpuMs: Amount,
  /** Mebibytes times milliseconds. */
  memoryMiBMs: Amount,
  diskMiBMs: Amount,
  rxBytes: Amount,
  txBytes: Amount,
})
export type UsageHour = Static<typeof UsageHour>
