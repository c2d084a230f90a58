import { AppError } from '@hatchery/core/errors'

/**
 * One entry of an archive, as it is read. The next one is read when the body of this one was taken, or left. Some archives tell
 * mode and time behind the body only.
 */
export interface ArchiveEntry {
  /** As the archive has it: nothing of it is trusted. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  mode: number
  /** Milliseconds since 1970; null where the archive says nothing. */
  modifiedAt: number | null
  /** Null where only the body tells. */
  readonly sizeBytes: number | null
  /** What it takes in the archive; null where entries are compressed together. */
  readonly packedBytes: number | null
  /** Where the body begins in the file of the archive, if it lies there as it is. */
  readonly position: number | null
  readonly isEncrypted: boolean
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

/** @returns the error of an archive that is damaged or hostile */
export function broken(reason: string, cause?: unknown): AppError {
  return new AppError('ARCHIVE_INVALID', { reason }, { cause })
}

/** @returns the error of an archive that may be sound, but is beyond what is read here */
export function unsupported(reason: string): AppError {
  return new AppError('ARCHIVE_UNSUPPORTED', { reason })
}

/** @returns the error of an archive that goes beyond a limit */
export function tooLarge(reason: string): AppError {
  return new AppError('ARCHIVE_TOO_LARGE', { reason })
}
