const MINUTE = 60_000

/** Times that can be looked at; each has at most 400 intervals. */
export const HISTORY_RANGES = [
  { name: 'hour', lengthMs: 60 * MINUTE, refetchMs: 10_000 },
  { name: 'day', lengthMs: 24 * 60 * MINUTE, refetchMs: 5 * MINUTE },
  { name: 'month', lengthMs: 30 * 24 * 60 * MINUTE, refetchMs: 10 * MINUTE },
] as const
export type HistoryRange = (typeof HISTORY_RANGES)[number]
