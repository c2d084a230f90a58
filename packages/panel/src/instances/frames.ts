import type { EphemeralEvent } from '@hatchery/core/protocol'

/** What an instance streams to another one. */
export type InstanceFrame =
  /** First; names the stream in calls that ask for events on it. */
  | { readonly type: 'opened'; readonly stream: string }
  | { readonly type: 'event'; readonly node: number; readonly event: EphemeralEvent }
  /** A node of the sender came or went: look into the database now. */
  | { readonly type: 'nodes' }
  /** Sent while there is nothing else, so that a dead connection is noticed. */
  | { readonly type: 'alive' }

/** No frame is longer: what an agent sends at once is at most 64 KiB, and its JSON not many times that. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024

/** Puts the length before the bytes. */
export function frame(bytes: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(bytes.length)
  return Buffer.concat([head, bytes])
}

/** Cuts a byte stream into its frames again. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  /** @throws Error when a frame claims to be longer than any may be */
  push(chunk: Buffer): readonly Buffer[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frames: Buffer[] = []
    while (this.#rest.length >= 4) {
      const length = this.#rest.readUInt32BE()
      if (length > MAX_FRAME_BYTES) throw new Error(`A frame of ${length} bytes is too long.`)
      if (this.#rest.length < 4 + length) break
      frames.push(this.#rest.subarray(4, 4 + length))
      this.#rest = this.#rest.subarray(4 + length)
    }
    return frames
  }
}
