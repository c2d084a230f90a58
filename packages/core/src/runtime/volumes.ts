import type { ServerId } from './runtime.ts'

export interface Volume {
  readonly server: ServerId
  /** Number of the current data directory, `data-<n>` (RULES 20). */
  readonly version: number
  /** Host path of the current data directory. */
  readonly dataDirectory: string
  /**
   * Host path of a directory on the same file system and under the same quota that the server itself never sees: unfinished
   * uploads, trash. It belongs to the server's identity.
   */
  readonly privateDirectory: string
}

/** Keeps the files of servers. `volumes/<uuid>/` belongs to the agent; only `data-<n>` below it is the tenant's. */
export interface Volumes {
  readonly name: string
  readonly capabilities: { readonly quota: boolean; readonly snapshot: boolean }
  /**
   * Creates the volume or finds it; owner and mode of the data directory are set, and what it may hold at most.
   * @param limitBytes as for {@link Volumes.limit} @default 0
   */
  create(server: ServerId, owner: { readonly uid: number; readonly gid: number }, limitBytes?: number): Promise<Volume>
  /**
   * Sets how many bytes the volume may hold at most, 0 for no limit; it takes effect while the server runs. Where
   * `capabilities.quota` is false, or the volume was there before the driver that has it, nothing holds it.
   */
  limit(server: ServerId, bytes: number): Promise<void>
  find(server: ServerId): Promise<Volume | null>
  list(): Promise<readonly ServerId[]>
  /** Bytes used by all that a tenant can grow. */
  usage(server: ServerId): Promise<number>
  /** Walks the tree: owner set, setuid and setgid stripped, devices removed (RULES 18). */
  normalise(server: ServerId, owner: { readonly uid: number; readonly gid: number }): Promise<void>
  /** Removes the volume for ever; only after a tombstone. */
  remove(server: ServerId): Promise<void>
}
