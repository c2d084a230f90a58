import type { Id } from './columns.ts'

// What servers are made from.

export interface NestsTable {
  id: Id
  uuid: string
  name: string
  author: string
  description: string
  created_at: number
  revision: number
}

export interface EggsTable {
  id: Id
  uuid: string
  nest_id: number
  /** The uuid inside the egg file, if it has one: an import with the same one can update. */
  source_uuid: string | null
  name: string
  author: string
  description: string
  format: string
  file_name: string
  /** The file as it was imported. */
  source: string
  /** Canonical model of core/eggs, JSON. */
  model: string
  created_at: number
  updated_at: number
  revision: number
}
