import { Type, type Static } from 'typebox'
import { Nullable, Timestamp, Uuid, named } from './common.ts'

/** What one server used in one hour. It is written once and never changes. */
export const UsageRecord = named(
  'UsageRecord',
  Type.Object({
    /** Also of a server that is deleted. */
    server: Uuid,
    /** Beginning of the hour, UTC. */
    hourAt: Timestamp,
    /** More than 3,600 only where the clock of the node was set back in that hour. */
    runningSeconds: Type.Number(),
    cpuSeconds: Type.Number(),
    memoryGiBHours: Type.Number(),
    diskGiBHours: Type.Number(),
    networkRxBytes: Type.Integer(),
    networkTxBytes: Type.Integer(),
  }),
)
export type UsageRecord = Static<typeof UsageRecord>

/** A record with whom it is about, as it was when the hour ended. */
export const UsageEntry = named(
  'UsageEntry',
  Type.Object({
    ...UsageRecord.properties,
    serverName: Type.String(),
    /** Null when the account does not exist any more. */
    owner: Nullable(Uuid),
    node: Nullable(Uuid),
  }),
)
export type UsageEntry = Static<typeof UsageEntry>
