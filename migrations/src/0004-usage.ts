import { id, index, integer, nullable, table, to, unique, uuid, varchar, type Migration } from './table.ts'

/** What servers used, hour by hour. Rows outlive the server, its owner and its node. */
export const usage: Migration = {
  name: '0004-usage',
  steps: [
    table('usage_records', {
      id: id(),
      server_uuid: uuid(),
      server_name: varchar(),
      owner_id: nullable(to('users', 'set null')),
      node_id: nullable(to('nodes', 'set null')),
      hour_at: integer(),
      running_ms: integer(),
      cpu_ms: integer(),
      memory_mib_ms: integer(),
      disk_mib_ms: integer(),
      rx_bytes: integer(),
      tx_bytes: integer(),
      stored_at: integer(),
    }),
    unique('usage_records', 'server_uuid', 'hour_at'),
    index('usage_records', ['hour_at']),
    index('usage_records', ['owner_id', 'hour_at']),
    index('usage_records', ['node_id', 'hour_at']),
  ],
}
