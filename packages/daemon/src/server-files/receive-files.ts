import type { DataStream } from '@hatchery/core/protocol'
import type { FileJobOptions } from './file-jobs.ts'
import type { OpenServer } from './server-files.ts'

/** What may follow the end of a tar: zeros up to the next of its records. */
const REST_BYTES = 64 * 1024

export interface ReceiveRequest {
  /** Made when it is missing. */
  readonly to: string
  readonly replace: boolean
  readonly estimatedBytes: number | null
}

/** Unpacks what comes over a stream, as far as the server has room for it. */
export async function receiveFiles(
  { tree, quota }: OpenServer,
  stream: DataStream,
  { to, replace, estimatedBytes }: ReceiveRequest,
  { signal, report }: FileJobOptions,
): Promise<void> {
  await using _stream = stream
  const end = () => stream.close('cancelled')
  signal.addEventListener('abort', end, { once: true })
  try {
    signal.throwIfAborted()
    const maxBytes = await quota.room()
    if (estimatedBytes !== null) await quota.require(estimatedBytes)
    await tree.unpackFrom(whole(stream.receive()), {
      to,
      replace,
      maxBytes,
      signal,
      onProgress: ({ files, bytes }) => {
        const total = estimatedBytes === null ? null : Math.max(estimatedBytes, bytes)
        report({ current: bytes, total, unit: 'bytes', detail: `${files} files` })
      },
    })
  } finally {
    signal.removeEventListener('abort', end)
    quota.forget()
  }
}

/**
 * A tar ends before its bytes do: whoever reads it leaves the rest. That is taken as well, so that the sender hears that
 * everything has come, and a break in it is one of the whole.
 */
async function* whole(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let isDone = false
  try {
    for (;;) {
      const next = await source.next()
      if ((isDone = next.done === true)) return
      yield next.value
    }
  } finally {
    for (let left = REST_BYTES; !isDone && left > 0;) {
      const next = await source.next()
      isDone = next.done === true
      left -= next.done === true ? 0 : next.value.length
    }
    await source.return(undefined)
  }
}
