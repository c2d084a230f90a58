import { randomInt } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import type { FileTree, PackStreamOptions } from '@hatchery/core/runtime'

/** A sequence that is being asked for piece by piece. */
export interface OpenStream {
  readonly pieces: AsyncIterator<unknown>
  readonly abort: AbortController
}

export type OpenStreams = Map<number, OpenStream>

export interface StreamContext {
  readonly streams: OpenStreams
}

/** A sequence of a tree by message: opened, asked for the next piece again and again, closed. */
export const STREAM_CALLS = {
  'stream.pack': async (tree: FileTree, [options]: readonly never[], { streams }: StreamContext) => ({
    value: begin(streams, (signal) => tree.packStream({ ...(options as unknown as PackStreamOptions), signal })),
  }),
  'stream.watch': async (tree: FileTree, [path]: readonly never[], { streams }: StreamContext) => ({
    value: begin(streams, (signal) => tree.watch(path!, { signal })),
  }),
  /** Bytes, or a value; neither is the end. */
  'stream.next': async (_tree: FileTree, [id]: readonly never[], { streams }: StreamContext) => {
    const stream = streams.get(id!)
    if (!stream) throw new AppError('FILES_UNAVAILABLE', { reason: 'the process that had it open has ended' })
    const { value, done } = await stream.pieces.next()
    if (done === true) return {}
    return value instanceof Uint8Array ? { bytes: value } : { value: { piece: value } }
  },
  'stream.close': async (_tree: FileTree, [id]: readonly never[], { streams }: StreamContext) => {
    const stream = streams.get(id!)
    streams.delete(id!)
    await endStream(stream)
    return {}
  },
} as const

/** Stops what a sequence is waiting for, and closes what it has open. */
export async function endStream(stream: OpenStream | undefined): Promise<void> {
  stream?.abort.abort(new AppError('CANCELLED'))
  // Whoever waits for a piece hears of the failure.
  await stream?.pieces.return?.().catch(() => undefined)
}

function begin(streams: OpenStreams, open: (signal: AbortSignal) => AsyncIterable<unknown>): number {
  const abort = new AbortController()
  const pieces = open(abort.signal)[Symbol.asyncIterator]()
  // Drawn, so that a stream of a process that has died is none of its successor.
  const id = randomInt(2 ** 47)
  streams.set(id, { pieces, abort })
  return id
}
