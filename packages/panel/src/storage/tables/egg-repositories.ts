import type { Flag, Id } from './columns.ts'

// Where eggs come from.

/** One row for each egg that was imported or installed since this table exists. */
export interface EggSourcesTable {
  egg_id: number
  /** SHA-256 of the file. */
  text_hash: string
  /** Where the file was fetched from; the address that it names itself counts before. */
  update_url: string | null
  /** The repository that it was installed from, and the path there. */
  repository_id: number | null
  path: string | null
  path_hash: string | null
}

export interface EggRepositoriesTable {
  id: Id
  uuid: string
  name: string
  url: string
  branch: string | null
  folder: string
  /** JSON `{username, password}`, sealed. */
  credentials: string | null
  sync_every_minutes: number | null
  next_sync_at: number | null
  /** The last job on it; whether that is still at work says its row. */
  operation_uuid: string | null
  synced_at: number | null
  /** SHA-256 of address, branch and folder that the eggs were read from. */
  synced_from: string | null
  commit_id: string | null
  commit_at: number | null
  commit_message: string | null
  /** JSON `{code, message, at}` of the last attempt; null where it succeeded. */
  error: string | null
  created_at: number
  revision: number
  lock_count: number
}

export interface EggRepositoryEggsTable {
  id: Id
  uuid: string
  repository_id: number
  path: string
  /** SHA-256 of the path, which is too long for an index. */
  path_hash: string
  name: string
  author: string
  description: string
  /** Empty where no egg can be read from the file. */
  format: string
  source_uuid: string | null
  variable_count: number
  error_count: number
  warning_count: number
  /** The file; empty where it is no text. */
  source: string
  /** SHA-256 of the file. */
  text_hash: string
  /** No longer in the repository; kept while an egg of the panel came from it. */
  is_gone: Flag
  updated_at: number
}
