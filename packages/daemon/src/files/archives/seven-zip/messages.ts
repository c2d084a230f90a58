/** Formats by the names that 7-Zip has for them. */
export type SevenZipFormat = '7z' | 'rar' | 'rar5' | 'zip' | 'xz' | 'bzip2'

/** What a decoder thread is to do with one archive. */
export interface DecoderTask {
  /** Open for reading until the thread has ended. */
  readonly descriptor: number
  readonly sizeBytes: number
  readonly format: SevenZipFormat
  readonly action: 'list' | 'extract'
  /** Paths in the archive that are extracted, with what lies below; everything when there is none. */
  readonly members: readonly string[]
  /** Two numbers: bytes that were sent and not taken yet, and bytes of the archive that were read, in KiB. */
  readonly counters: SharedArrayBuffer
  /** More memory than this is refused to it. */
  readonly maxMemoryBytes: number
}

/** What an archive says of one member in its listing. */
export interface ListedMember {
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  readonly sizeBytes: number | null
  readonly packedBytes: number | null
  readonly mode: number | null
  readonly modifiedAt: number | null
  readonly isEncrypted: boolean
}

/** What the thread tells, in the order in which it comes out of the archive. */
export type DecoderMessage =
  | { readonly type: 'listed'; readonly members: readonly ListedMember[] }
  | { readonly type: 'directory' | 'file'; readonly path: string }
  /** Bytes of the file that was named last. */
  | { readonly type: 'piece'; readonly bytes: Uint8Array }
  /** Of what was named last. */
  | { readonly type: 'facts'; readonly mode?: number; readonly modifiedAt?: number }
  /** What was named last is not wanted after all: a link takes its place, or was left out. */
  | { readonly type: 'removed' }
  | { readonly type: 'link'; readonly path: string; readonly target: string }
  /** The last message: how 7-Zip ended, and what it complained about. */
  | { readonly type: 'end'; readonly code: number; readonly complaint: string }

/** What a message that is under way weighs, beside its bytes. */
export const MESSAGE_BYTES = 512
