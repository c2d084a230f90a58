import type { FileHandle } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { AppError } from '@hatchery/core/errors'
import { broken, tooLarge, unsupported } from '../archive-entry.ts'
import {
  MESSAGE_BYTES,
  type DecoderMessage,
  type DecoderTask,
  type ListedMember,
  type SevenZipFormat,
} from './messages.ts'

/** For the dictionary and everything else that is in the memory of 7-Zip. */
const MAX_MEMORY_BYTES = 384 * 1024 * 1024
/** Of the thread's own objects. */
const MAX_HEAP_MIB = 64

export interface SevenZipTask {
  readonly file: FileHandle
  readonly sizeBytes: number
  readonly format: SevenZipFormat
  readonly action: 'list' | 'extract'
  /** @default everything */
  readonly members?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
  /** Told how many further bytes of the archive were read. */
  readonly onRead?: (bytes: number) => void
}

/**
 * Lets 7-Zip, as WebAssembly in a thread of its own, read an archive. Its messages come as fast as they are taken; when they are
 * left, the thread ends. `end` is none of them: an archive that is not whole is an error.
 * @throws AppError `ARCHIVE_ENCRYPTED`, `ARCHIVE_INVALID`, `ARCHIVE_TOO_LARGE`, `ARCHIVE_UNSUPPORTED`
 */
export async function* runSevenZip(
  task: SevenZipTask,
): AsyncGenerator<Exclude<DecoderMessage, { type: 'end' }>, void, undefined> {
  const { file, sizeBytes, format, action, members = [], signal, onRead } = task
  signal?.throwIfAborted()
  const counters = new SharedArrayBuffer(8)
  const counts = new Int32Array(counters)
  const workerData: DecoderTask = {
    descriptor: file.fd,
    sizeBytes,
    format,
    action,
    members,
    counters,
    maxMemoryBytes: MAX_MEMORY_BYTES,
  }
  const messages: DecoderMessage[] = []
  let failure: unknown
  let wake: (() => void) | undefined
  const worker = startWorker(workerData)
  const fail = (error: unknown) => {
    failure ??= error
    wake?.()
  }
  const onAbort = () => fail(signal?.reason)
  worker.on('message', (message: DecoderMessage) => {
    messages.push(message)
    wake?.()
  })
  worker.once('error', (error) => fail(explainCrash(error)))
  worker.once('exit', () => fail(broken('its decoder has ended early')))
  signal?.addEventListener('abort', onAbort, { once: true })
  let read = 0
  try {
    for (;;) {
      signal?.throwIfAborted()
      const message = messages.shift()
      if (!message) {
        if (failure !== undefined) throw failure
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      const at = Math.min(sizeBytes, Atomics.load(counts, 1) * 1024)
      if (at > read) {
        onRead?.(at - read)
        read = at
      }
      if (message.type === 'end') return requireWhole(message.code, message.complaint)
      yield message
      Atomics.sub(counts, 0, MESSAGE_BYTES + (message.type === 'piece' ? message.bytes.byteLength : 0))
      Atomics.notify(counts, 0)
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    // It reads by the descriptor, which is closed next.
    await worker.terminate()
  }
}

/** What the archive says of its members. */
export async function* listWithSevenZip(
  task: Omit<SevenZipTask, 'action'>,
): AsyncGenerator<ListedMember, void, undefined> {
  for await (const message of runSevenZip({ ...task, action: 'list' })) {
    if (message.type === 'listed') yield* message.members
  }
}

/** The content of what holds a single file. */
export async function* decompressWithSevenZip(
  task: Omit<SevenZipTask, 'action' | 'members'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const message of runSevenZip({ ...task, action: 'extract' })) {
    if (message.type === 'piece') yield message.bytes
  }
}

/** The program of the thread: a source file while sources run as they are, built into a file of its own otherwise. */
function startWorker(workerData: DecoderTask): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  const file = fileURLToPath(
    new URL(isSource ? '../../../archive-decoder.ts' : './archive-decoder.js', import.meta.url),
  )
  return new Worker(file, {
    workerData,
    env: { TZ: 'UTC' },
    execArgv: isSource ? ['--conditions=@hatchery/source'] : [],
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  })
}

function explainCrash(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return tooLarge('its list takes more memory than there is for it')
  // The program is read by the server's own user, which an installation in somebody's home directory may not allow.
  if (!['EACCES', 'MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(String(code))) return error
  const reason = 'the users of servers cannot read the directory that the agent is installed in'
  return new AppError('FILES_UNAVAILABLE', { reason }, { cause: error })
}

function requireWhole(code: number, complaint: string): void {
  if (/Missing volume|Multivolume/i.test(complaint)) throw unsupported('it is one part of several')
  // One is a warning: something stands behind the end, or before the beginning.
  if (code === 0 || code === 1) return
  if (/Wrong password|encrypted/i.test(complaint)) throw new AppError('ARCHIVE_ENCRYPTED')
  if (/allocate|memory/i.test(complaint)) throw tooLarge('unpacking it takes more memory than there is for it')
  if (/Unsupported Method/i.test(complaint)) throw unsupported('it is packed by a method that is not known')
  throw broken('it is damaged, or a part of several')
}
