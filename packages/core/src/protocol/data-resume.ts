import { AppError } from '../errors/index.ts'
import type { DataStream } from './data-stream.ts'

export interface ResumeOptions {
  /** Where to begin. @default 0 */
  readonly offset?: number
  /** Connections that may be lost without a byte between them. @default 5 */
  readonly maxAttempts?: number
}

/**
 * Receives over as many streams as it takes: when a connection is lost, `open` is asked for another one and the bytes go on
 * from the first that the consumer has not had.
 */
export async function* receiveResuming(
  open: (offset: number) => Promise<DataStream>,
  { offset = 0, maxAttempts = 5 }: ResumeOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let failures = 0
  for (;;) {
    const begin = offset
    try {
      const stream = await open(offset)
      for await (const chunk of stream.receive(offset)) {
        yield chunk
        offset += chunk.length
      }
      return
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CONNECTION_LOST') throw error
      failures = offset > begin ? 1 : failures + 1
      if (failures >= maxAttempts) throw error
    }
  }
}
