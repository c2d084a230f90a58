import type { Flag, Id } from './columns.ts'

// Tables that an import fills now and a later version reads.

export interface MountsTable {
  id: Id
  uuid: string
  name: string
  description: string
  source: string
  target: string
  is_read_only: Flag
  is_user_mountable: Flag
}

export interface MountLinksTable {
  id: Id
  mount_id: number
  /** egg, node, server */
  kind: string
  object_id: number
}

export interface SchedulesTable {
  id: Id
  uuid: string
  server_id: number
  name: string
  cron_minute: string
  cron_hour: string
  cron_day_of_month: string
  cron_month: string
  cron_day_of_week: string
  is_active: Flag
  only_when_online: Flag
  last_run_at: number | null
  created_at: number
}

export interface ScheduleStepsTable {
  id: Id
  schedule_id: number
  sequence: number
  action: string
  payload: string
  offset_seconds: number
  continue_on_failure: Flag
}

export interface BackupsTable {
  id: Id
  uuid: string
  server_id: number
  name: string
  ignored_files: string
  disk: string
  checksum: string | null
  bytes: number
  is_successful: Flag
  is_locked: Flag
  completed_at: number | null
  created_at: number
  deleted_at: number | null
}

export interface DatabaseHostsTable {
  id: Id
  uuid: string
  name: string
  host: string
  port: number
  username: string
  password_encrypted: string
  max_databases: number | null
  node_id: number | null
}

export interface DatabasesTable {
  id: Id
  uuid: string
  server_id: number
  database_host_id: number
  name: string
  username: string
  remote: string
  password_encrypted: string
  max_connections: number | null
}
