import type { Id } from './columns.ts'

/** One server in one hour; written once. */
export interface UsageRecordsTable {
  id: Id
  server_uuid: string
  /** As it was when the record was stored. */
  server_name: string
  owner_id: number | null
  node_id: number | null
  /** Beginning of the hour, UTC. */
  hour_at: number
  running_ms: number
  cpu_ms: number
  memory_mib_ms: number
  disk_mib_ms: number
  rx_bytes: number
  tx_bytes: number
  stored_at: number
}
