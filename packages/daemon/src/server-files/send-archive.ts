import { AppError } from '@hatchery/core/errors'
import type { DataStream } from '@hatchery/core/protocol'
import type { PackStreamOptions } from '@hatchery/core/runtime'
import type { OpenServer } from './server-files.ts'

/** An archive that has begun: what is asked for is there, and the first bytes are. */
export interface BegunArchive {
  /** Sends everything. When the stream ends, so does the work. */
  sendTo(stream: DataStream): Promise<void>
  /** For one that nobody will take. */
  cancel(): Promise<void>
}

/**
 * Begins to pack names of one directory; how far it goes is up to whoever takes the bytes.
 * @throws AppError `FILE_NOT_FOUND` and so on, before anything is sent
 */
export async function beginArchive(
  { tree }: Pick<OpenServer, 'tree'>,
  options: Pick<PackStreamOptions, 'directory' | 'names' | 'format'>,
): Promise<BegunArchive> {
  const abort = new AbortController()
  const pieces = tree.packStream({ ...options, signal: abort.signal })[Symbol.asyncIterator]()
  const cancel = async () => {
    abort.abort(new AppError('CANCELLED'))
    await pieces.return?.()
  }
  const first = await pieces.next()
  return {
    cancel,
    async sendTo(stream) {
      void stream.closed.then(() => abort.abort(new AppError('CANCELLED')))
      try {
        await stream.send(async function* (offset) {
          // Packed anew it would be another archive: there is no going on in the middle.
          if (offset !== 0) throw new AppError('FILES_UNAVAILABLE', { reason: 'an archive cannot be continued' })
          for (let next = first; next.done !== true; next = await pieces.next()) yield next.value
        })
      } finally {
        await cancel()
        stream.close('done')
      }
    },
  }
}
