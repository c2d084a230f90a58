import { spawn, type ChildProcess } from 'node:child_process'
import { constants } from 'node:fs'
import { lchown, mkdir, open, type FileHandle } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { AppError, errorFromBody } from '@hatchery/core/errors'
import type { Volume, WorkOptions } from '@hatchery/core/runtime'
import { Pinned, itself } from '../pinned.ts'
import type { Answer, FileCall, Request } from './file-calls.ts'
import { MessageChannel, type Message } from './message-channel.ts'
import type { FileCaller } from './process-file-tree.ts'

const MAX_PIECE_BYTES = 256 * 1024
/** Pieces of a source that are under way at once. */
const PIECES_AHEAD = 4
/** Calls that leave something open, and those that close it. */
const OPENS: readonly FileCall[] = ['open', 'archives.open', 'stream.pack', 'stream.watch']
const CLOSES: readonly FileCall[] = ['handle.close', 'member.close', 'stream.close']

export interface FilesProcessOptions {
  readonly volume: Volume
  readonly uid: number
  readonly gid: number
  /** The process ends when nothing was asked of it for so long. */
  readonly idleMs: number
  readonly onError: (text: string) => void
}

interface PendingCall {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly onProgress: WorkOptions['onProgress']
  onTaken: () => void
}

interface Running {
  readonly child: ChildProcess
  readonly channel: MessageChannel
  readonly pending: Map<number, PendingCall>
}

/**
 * A process of one server's identity that does all file work for it (RULES 21): it can reach no more than the server itself
 * could, whatever a hostile tree makes of it. It gets the two directories as open descriptors, starts with the first call, and
 * ends when it is idle.
 */
export class FilesProcess implements FileCaller {
  readonly #options: FilesProcessOptions
  #running: Promise<Running> | null = null
  #next = 0
  /** Calls under way and files that are open. */
  #uses = 0
  #idle: NodeJS.Timeout | undefined

  constructor(options: FilesProcessOptions) {
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#running !== null
  }

  async call(
    call: FileCall,
    args: readonly unknown[],
    { patterns, bytes, source, signal, onProgress }: Parameters<FileCaller['call']>[2],
  ): Promise<unknown> {
    signal?.throwIfAborted()
    // It was closed with its process.
    if (CLOSES.includes(call) && !this.#running) return this.#use(-1)
    this.#use(1)
    try {
      const running = await (this.#running ??= this.#start())
      const id = ++this.#next
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      const pending: PendingCall = { resolve, reject, onProgress, onTaken: () => undefined }
      running.pending.set(id, pending)
      const cancel = () => void running.channel.send({ type: 'cancel', id } satisfies Request)
      signal?.addEventListener('abort', cancel, { once: true })
      try {
        const request: Request = { type: 'call', id, call, args, patterns }
        await running.channel.send(request, bytes)
        const feeding = source ? this.#feed(running, id, pending, source) : Promise.resolve(null)
        const [outcome, failure] = await Promise.all([settled(promise), feeding])
        // What its own source failed with is what the caller understands.
        if (failure) throw failure.error
        if ('error' in outcome) throw outcome.error
        if (OPENS.includes(call)) this.#use(1)
        if (CLOSES.includes(call)) this.#use(-1)
        return outcome.value
      } finally {
        running.pending.delete(id)
        signal?.removeEventListener('abort', cancel)
      }
    } finally {
      this.#use(-1)
    }
  }

  /**
   * Opens what the process has open, through its entry in `/proc`, so that content is read without being passed on. The process
   * is not believed: it could name something that it has only found and may not read. What is opened is a regular file that
   * belongs to the server, looked at before its content is opened.
   */
  async reopen(descriptor: number): Promise<FileHandle | null> {
    const running = await this.#running
    if (!running || !Number.isSafeInteger(descriptor)) return null
    try {
      using found = Pinned.follow(`/proc/${running.child.pid}/fd/${descriptor}`)
      const info = found.stat()
      if (!info.isFile() || info.uid !== this.#options.uid) return null
      return await open(itself(found), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    } catch {
      // Not Linux, or the agent may not look at other processes: the process reads.
      return null
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const running = await this.#running?.catch(() => null) // one that did not start has nothing to end
    running?.channel.close()
  }

  /** Sends a source piece by piece. @returns what it failed with */
  async #feed(
    { channel, pending: calls }: Running,
    id: number,
    pending: PendingCall,
    source: AsyncIterable<Uint8Array>,
  ): Promise<{ readonly error: unknown } | null> {
    let ahead = 0
    let wake: (() => void) | undefined
    pending.onTaken = () => {
      ahead -= 1
      wake?.()
    }
    try {
      for await (const chunk of source) {
        for (let at = 0; at < chunk.length; at += MAX_PIECE_BYTES) {
          while (ahead >= PIECES_AHEAD && calls.has(id)) await new Promise<void>((resolve) => (wake = resolve))
          // The call has ended before its source: it was refused.
          if (!calls.has(id)) return null
          ahead += 1
          await channel.send({ type: 'piece', id } satisfies Request, chunk.subarray(at, at + MAX_PIECE_BYTES))
        }
      }
      await channel.send({ type: 'piece', id } satisfies Request)
      return null
    } catch (error) {
      await channel.send({ type: 'source-failed', id } satisfies Request)
      return { error }
    }
  }

  #use(change: 1 | -1): void {
    this.#uses += change
    clearTimeout(this.#idle)
    if (this.#uses > 0 || !this.#running) return
    this.#idle = setTimeout(() => void this.close(), this.#options.idleMs).unref()
  }

  async #start(): Promise<Running> {
    const { volume, uid, gid, onError } = this.#options
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
    let child: ChildProcess
    try {
      await this.#makePrivate()
      await using data = await open(volume.dataDirectory, flags)
      await using own = await open(volume.privateDirectory, flags)
      const { command, args } = programOf([volume.server, String(uid), String(gid)])
      child = spawn(command, args, {
        // Nothing of the agent's environment is the process's business.
        env: {},
        cwd: '/',
        stdio: ['ignore', 'ignore', 'pipe', 'pipe', data.fd, own.fd],
      })
    } catch (error) {
      this.#running = null
      throw unavailable('its process could not be started', error)
    }
    child.stderr?.on('data', (text: Buffer) => onError(text.toString('utf8').slice(0, 2000)))
    const pending = new Map<number, PendingCall>()
    const onEnd = (reason: Error | null) => this.#onEnd(child, pending, reason)
    child.once('error', onEnd)
    const channel = new MessageChannel(child.stdio[3] as Duplex, (message) => onAnswer(pending, message), onEnd)
    return { child, channel, pending }
  }

  /** Volumes of older versions have none. */
  async #makePrivate(): Promise<void> {
    const { volume, uid, gid } = this.#options
    const made = await mkdir(volume.privateDirectory, { recursive: true, mode: 0o700 })
    if (made !== undefined && process.getuid?.() === 0) await lchown(volume.privateDirectory, uid, gid)
  }

  #onEnd(child: ChildProcess, pending: Map<number, PendingCall>, reason: Error | null): void {
    this.#running = null
    child.kill('SIGKILL')
    for (const { reject, onTaken } of pending.values()) {
      reject(unavailable('its process has ended', reason))
      onTaken()
    }
    pending.clear()
  }
}

function onAnswer(pending: ReadonlyMap<number, PendingCall>, { head, bytes }: Message): void {
  const answer = head as unknown as Answer
  const call = pending.get(answer.id)
  if (!call) return
  switch (answer.type) {
    case 'result':
      call.resolve(answer.hasBytes ? ownBytes(bytes) : answer.value)
      call.onTaken()
      return
    case 'error':
      call.reject(errorFromBody(answer.error))
      call.onTaken()
      return
    case 'taken':
      return call.onTaken()
    case 'progress':
      return call.onProgress?.(answer.progress)
    default:
      return answer satisfies never
  }
}

/** Without the memory that came with them. */
function ownBytes(bytes: Buffer): Buffer {
  return bytes.buffer.byteLength > 2 * bytes.length ? Buffer.from(bytes) : bytes
}

async function settled<T>(promise: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
}

/** The program of the process: beside this file while the sources run as they are, built into a file of its own otherwise. */
function programOf(args: readonly string[]): { readonly command: string; readonly args: readonly string[] } {
  const isSource = import.meta.url.endsWith('.ts')
  const file = fileURLToPath(new URL(isSource ? '../../files-process.ts' : './files-process.js', import.meta.url))
  const conditions = isSource ? ['--conditions=@hatchery/source'] : []
  return { command: process.execPath, args: [...conditions, '--max-old-space-size=256', file, ...args] }
}

function unavailable(reason: string, cause: unknown): AppError {
  return new AppError('FILES_UNAVAILABLE', { reason }, { cause })
}
