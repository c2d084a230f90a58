import type { FileCall } from './file-calls.ts'

type Call = <T>(name: FileCall, args: readonly unknown[]) => Promise<T>

/**
 * A sequence of the files process. One piece is fetched ahead, so that the process works while the one before is being used.
 * When the signal fires or nobody asks any more, the process stops as well.
 */
export async function* readStream<T>(
  call: Call,
  begin: 'stream.pack' | 'stream.watch',
  args: readonly unknown[],
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  signal?.throwIfAborted()
  const id = await call<number>(begin, args)
  let closing: Promise<unknown> | undefined
  const close = () => (closing ??= call('stream.close', [id]).catch(() => undefined)) // with its process it is closed
  const onAbort = () => void close()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    let next = fetchNext<T>(call, id)
    for (;;) {
      const found = await next
      signal?.throwIfAborted()
      if (found === null) return
      next = fetchNext<T>(call, id)
      // Its failure is told to whoever asks for it.
      next.catch(() => undefined)
      yield found.piece
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    await close()
  }
}

async function fetchNext<T>(call: Call, id: number): Promise<{ readonly piece: T } | null> {
  const given = await call<Uint8Array | { readonly piece: T } | undefined>('stream.next', [id])
  if (given === undefined) return null
  return given instanceof Uint8Array ? { piece: given as T } : given
}
