import { AppError } from '@hatchery/core/errors'

/** One entry of an archive, as it is read. The next one is read when the body of this one was taken, or left. */
export interface ArchiveEntry {
  /** As the archive has it: nothing of it is trusted. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  readonly mode: number
  /** Milliseconds since 1970; null where the archive says nothing. */
  readonly modifiedAt: number | null
  /** Where a link leads. */
  readonly linkTarget: string
  readonly body: AsyncIterable<Uint8Array>
}

/** One entry of an archive that is written. */
export interface PackEntry {
  readonly path: Buffer
  readonly type: 'file' | 'directory' | 'symlink'
  readonly mode: number
  readonly modifiedAt: number
  readonly linkTarget: Buffer
  /** Exactly so many bytes come out of the body. */
  readonly sizeBytes: number
  readonly body: () => AsyncIterable<Uint8Array>
}

export function broken(reason: string, cause?: unknown): AppError {
  return new AppError('ARCHIVE_INVALID', { reason }, { cause })
}
