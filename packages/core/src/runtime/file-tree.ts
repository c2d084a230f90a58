import type { ServerId } from './runtime.ts'

export interface FileEntry {
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  readonly sizeBytes: number
  readonly mode: number
  readonly modifiedAt: number
}

/**
 * The only way to a server's files. Paths are relative to the server's root with `/` between names; each component is
 * opened by itself, so that no link leads out (RULES 17). No host path and no descriptor leaves an implementation.
 */
export interface FileTree {
  readonly server: ServerId
  /** @throws AppError `FILE_NOT_FOUND`, `PATH_INVALID`, `PATH_OUTSIDE` */
  read(path: string, options?: { readonly maxBytes?: number }): Promise<Uint8Array>
  /** Replaces the file atomically: temporary file, fsync, rename. Missing directories are made. */
  write(path: string, content: Uint8Array): Promise<void>
  stat(path: string): Promise<FileEntry | null>
  list(path: string): Promise<readonly FileEntry[]>
  remove(path: string): Promise<void>
}

/** The address a player uses; the allocation is a request (DESIGN 6). */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly protocols: readonly ('tcp' | 'udp')[]
  /** It stays the same over restarts. */
  readonly stable: boolean
}

export interface Endpoints {
  of(server: ServerId): Promise<readonly Endpoint[]>
  /** Ports of `wanted` that another program on the machine holds. */
  conflicts(wanted: readonly { readonly ip: string; readonly port: number }[]): Promise<readonly number[]>
}
