import type { Duplex } from 'node:stream'
import { AppError } from '@hatchery/core/errors'
import type { FileProgress, FileTree, OpenFile, OpenMember } from '@hatchery/core/runtime'
import { fileCalls, type Answer, type CallContext, type Request } from './file-calls.ts'
import { endStream, type OpenStreams } from './stream-calls.ts'
import { MessageChannel, type Message } from './message-channel.ts'

/** Progress is told at most this often. */
const PROGRESS_MS = 200

interface RunningCall {
  readonly abort: AbortController
  readonly source: PieceSource
}

/** Answers calls on a file tree that come over a stream, until the stream ends. */
export function serveFiles(tree: FileTree, stream: Duplex): Promise<void> {
  return new Promise((resolve) => new FileServer(tree, stream, resolve))
}

class FileServer {
  readonly #tree: FileTree
  readonly #channel: MessageChannel
  readonly #calls = new Map<number, RunningCall>()
  readonly #handles = new Map<number, OpenFile>()
  readonly #streams: OpenStreams = new Map()
  readonly #members = new Map<number, OpenMember>()
  #guarded: { readonly key: string; readonly tree: FileTree } | null = null

  constructor(tree: FileTree, stream: Duplex, onEnd: () => void) {
    this.#tree = tree
    this.#channel = new MessageChannel(
      stream,
      (message) => this.#onMessage(message),
      () => {
        for (const { abort } of this.#calls.values()) abort.abort()
        for (const stream of this.#streams.values()) void endStream(stream)
        onEnd()
      },
    )
  }

  #onMessage({ head, bytes }: Message): void {
    // The other end is the agent that has started this process.
    const request = head as unknown as Request
    switch (request.type) {
      case 'call':
        return void this.#run(request, bytes)
      case 'piece':
        return this.#calls.get(request.id)?.source.give(bytes)
      case 'source-failed':
        return this.#calls.get(request.id)?.source.fail()
      case 'cancel':
        return this.#calls.get(request.id)?.abort.abort(new AppError('CANCELLED'))
      default:
        return request satisfies never
    }
  }

  async #run({ id, call, args, patterns }: Request & { type: 'call' }, bytes: Buffer): Promise<void> {
    const abort = new AbortController()
    const source = new PieceSource(() => void this.#send({ type: 'taken', id }))
    const progress = this.#progressOf(id)
    this.#calls.set(id, { abort, source })
    try {
      const context: CallContext = {
        bytes,
        source: source.pieces(abort.signal),
        signal: abort.signal,
        handles: this.#handles,
        streams: this.#streams,
        members: this.#members,
        onProgress: progress.report,
      }
      const { value, bytes: given } = await fileCalls[call](this.#treeFor(patterns), args as readonly never[], context)
      progress.flush()
      await this.#send({ type: 'result', id, value, hasBytes: given !== undefined }, given)
    } catch (error) {
      const known = error instanceof AppError ? error : new AppError('INTERNAL', { reason: String(error) })
      const { code, message, details = {} } = known.toBody()
      await this.#send({ type: 'error', id, error: { code, message, details: { ...details } } })
    } finally {
      this.#calls.delete(id)
    }
  }

  /** Patterns hardly ever change from one call to the next. */
  #treeFor(patterns: readonly string[]): FileTree {
    if (patterns.length === 0) return this.#tree
    const key = JSON.stringify(patterns)
    if (this.#guarded?.key !== key) this.#guarded = { key, tree: this.#tree.protecting(patterns) }
    return this.#guarded.tree
  }

  /** Told now and then, and where it stood at the end. */
  #progressOf(id: number) {
    let [last, told] = [-Infinity, true]
    let newest: FileProgress | undefined
    const tell = () => {
      if (newest) void this.#send({ type: 'progress', id, progress: newest })
      ;[last, told] = [performance.now(), true]
    }
    return {
      report: (progress: FileProgress) => {
        ;[newest, told] = [progress, false]
        if (performance.now() - last >= PROGRESS_MS) tell()
      },
      flush: () => void (told || tell()),
    }
  }

  #send(answer: Answer, bytes?: Uint8Array): Promise<void> {
    return this.#channel.send(answer, bytes)
  }
}

/** Bytes that come in messages, one after the other; the next one is asked for when the last is used up. */
class PieceSource {
  readonly #onTaken: () => void
  readonly #pieces: Buffer[] = []
  #isFailed = false
  #wake: (() => void) | undefined

  constructor(onTaken: () => void) {
    this.#onTaken = onTaken
  }

  give(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#wake?.()
  }

  fail(): void {
    this.#isFailed = true
    this.#wake?.()
  }

  async *pieces(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const wake = () => this.#wake?.()
    signal.addEventListener('abort', wake)
    try {
      for (;;) {
        signal.throwIfAborted()
        const piece = this.#pieces.shift()
        if (piece?.length === 0) return
        if (piece) {
          yield piece
          this.#onTaken()
          continue
        }
        if (this.#isFailed) throw new AppError('CANCELLED')
        await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }
}
