import type { Duplex } from 'node:stream'
import { decodeRequest, type SftpRequest } from './decode-request.ts'
import { encodeLimits, encodePath, encodeStatus, encodeUsersAndGroups, encodeVersion } from './encode-answer.ts'
import {
  closeHandle,
  copyData,
  openFile,
  readFile,
  setFileAttributes,
  statFile,
  syncFile,
  writeFile,
} from './file-requests.ts'
import { MalformedPacket } from './packet-reader.ts'
import { PacketSplitter } from './packet-splitter.ts'
import * as paths from './path-requests.ts'
import { need, type SftpContext } from './sftp-context.ts'
import { rememberOpen } from './sftp-files.ts'
import { MAX_HANDLES, SftpHandles } from './sftp-handles.ts'
import { MAX_DATA_BYTES, MAX_PACKET_BYTES, PACKET, STATUS } from './sftp-protocol.ts'
import { statusOf } from './status-of.ts'

/** Requests that are worked on at once, and the bytes they hold. */
const MAX_REQUESTS = 256
const MAX_WORKED_BYTES = 8 * 1024 * 1024

type Answer = Buffer | readonly Uint8Array[]

/** A request under way, and what it holds until its answer is sent. */
interface Place {
  readonly bytes: number
  /** In pieces, one after the other. */
  answer: readonly Uint8Array[] | null
}

export interface SftpSessionOptions extends Omit<SftpContext, 'handles'> {
  /** Null, or settles when the connection takes more again. */
  readonly congestion?: () => Promise<void> | null
  /** What is no refusal but a fault of ours. */
  readonly onFault: (error: unknown) => void
}

/**
 * One SFTP session over a stream: takes requests as fast as it can work on them and the client takes the answers, and holds
 * no more than a bounded number of bytes at any time. It ends with the stream, and closes what is open then.
 */
export class SftpSession {
  readonly #stream: Duplex
  readonly #options: SftpSessionOptions
  readonly #ctx: SftpContext
  readonly #splitter = new PacketSplitter(MAX_PACKET_BYTES)
  readonly #closing = new AbortController()
  /** Changes of content that are under way: what names a path waits for them, as it would if all were done in order. */
  readonly #changes = new Set<Promise<unknown>>()
  #paths: Promise<unknown> = Promise.resolve()
  /** Requests under way, in the order they came. */
  readonly #places: Place[] = []
  #workedBytes = 0
  #isReady = false
  #isPumping = false
  #isEnding = false
  readonly #ended = Promise.withResolvers<void>()

  constructor(stream: Duplex, options: SftpSessionOptions) {
    this.#stream = stream
    this.#options = options
    this.#ctx = { ...options, files: rememberOpen(options.files), handles: new SftpHandles() }
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('error', () => this.close())
    stream.on('end', () => this.#onEnd())
    stream.on('close', () => this.close())
  }

  /** Settles when the session has ended and everything it had open is closed; the stream is its owner's to end. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    void this.#closeAll()
  }

  async #closeAll(): Promise<void> {
    for (const handle of this.#ctx.handles.takeAll()) {
      if (handle.type === 'directory') continue
      try {
        await handle.order.alone(async () => handle.file[Symbol.asyncDispose]())
        if (handle.hasWritten) this.#ctx.onSaved(handle.path)
      } catch (error) {
        this.#options.onFault(error)
      }
    }
    this.#ended.resolve()
  }

  /** Nothing more is asked; what was is answered first. */
  #onEnd(): void {
    this.#isEnding = true
    void this.#pump()
  }

  #onData(chunk: Buffer): void {
    if (this.#closing.signal.aborted) return
    this.#splitter.add(chunk)
    if (this.#splitter.bufferedBytes > MAX_PACKET_BYTES) this.#stream.pause()
    void this.#pump()
  }

  /** Takes what has come, as long as there is room for it. Whoever finishes a request calls it again. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      while (!this.#closing.signal.aborted) {
        if (this.#places.length >= MAX_REQUESTS || this.#workedBytes >= MAX_WORKED_BYTES) return
        const waiting = this.#congestion()
        if (waiting) {
          await waiting
          continue
        }
        const packet = this.#splitter.next()
        if (!packet && this.#isEnding && this.#places.length === 0) return this.close()
        if (!packet) return void this.#stream.resume()
        this.#take(packet)
      }
    } catch (error) {
      if (!(error instanceof MalformedPacket)) this.#options.onFault(error)
      // Nothing that follows can be understood.
      this.close()
    } finally {
      this.#isPumping = false
    }
  }

  #congestion(): Promise<void> | null {
    if (!this.#stream.writableNeedDrain) return this.#options.congestion?.() ?? null
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off('drain', done)
        this.#closing.signal.removeEventListener('abort', done)
        resolve()
      }
      this.#stream.on('drain', done)
      this.#closing.signal.addEventListener('abort', done)
    })
  }

  #take(packet: Buffer): void {
    if (!this.#isReady) {
      if (packet[0] !== PACKET.init || packet.length < 5) throw new MalformedPacket('The first packet has to be INIT.')
      this.#isReady = true
      return this.#send([encodeVersion()])
    }
    const request = decodeRequest(packet)
    const bytes = request.verb === 'read' ? Math.min(request.length, MAX_DATA_BYTES) : packet.length
    const place: Place = { bytes, answer: null }
    this.#places.push(place)
    this.#workedBytes += bytes
    void this.#answer(request).then((answer) => {
      place.answer = answer
      this.#sendAnswers()
    })
  }

  /**
   * Answers go out in the order of their requests. The protocol would let them overtake each other, but OpenSSH's clients cut
   * files off then: they take the first gap for the end of what was carried over.
   */
  #sendAnswers(): void {
    for (let first = this.#places[0]; first?.answer; first = this.#places[0]) {
      this.#places.shift()
      this.#workedBytes -= first.bytes
      this.#send(first.answer)
    }
    void this.#pump()
  }

  async #answer(request: SftpRequest): Promise<readonly Uint8Array[]> {
    const { id } = request
    try {
      const answer = (await this.#ordered(request)) ?? encodeStatus(id, STATUS.ok, 'Success')
      return Buffer.isBuffer(answer) ? [answer] : answer
    } catch (error) {
      const refusal = statusOf(error)
      if (!refusal && !this.#closing.signal.aborted) this.#options.onFault(error)
      const { status, message } = refusal ?? { status: STATUS.failure, message: 'This failed on the node.' }
      return [encodeStatus(id, status, message)]
    }
  }

  /** Requests take effect as if each came after the one before; those that cannot tell the difference run side by side. */
  #ordered(request: SftpRequest): Promise<Answer | void> {
    switch (request.verb) {
      case 'read':
      case 'readdir':
      case 'fstat':
      case 'limits':
        return this.#do(request)
      case 'write':
      case 'close':
      case 'fsetstat':
      case 'fsync':
      case 'copy-data':
        return this.#changing(this.#do(request))
      default: {
        const before = [this.#paths, ...this.#changes]
        const result = Promise.allSettled(before).then(() => this.#do(request))
        this.#paths = result.catch(() => undefined) // told to the client
        return result
      }
    }
  }

  #changing<T>(work: Promise<T>): Promise<T> {
    this.#changes.add(work)
    const forget = () => this.#changes.delete(work)
    work.then(forget, forget)
    return work
  }

  /** Asynchronous from its first line on, so that what it throws is its failure. */
  async #do(request: SftpRequest): Promise<Answer | void> {
    const ctx = this.#ctx
    const { id, verb } = request
    switch (verb) {
      case 'open':
        return openFile(ctx, id, request)
      case 'close':
        return closeHandle(ctx, request)
      case 'read':
        return readFile(ctx, id, request)
      case 'write':
        return writeFile(ctx, request)
      case 'fstat':
        return statFile(ctx, id, request)
      case 'fsetstat':
        return setFileAttributes(ctx, request)
      case 'fsync':
        return syncFile(ctx, request)
      case 'copy-data':
        return copyData(ctx, request, this.#closing.signal)
      case 'lstat':
      case 'stat':
        return paths.describePath(ctx, id, request.path, verb === 'stat')
      case 'setstat':
      case 'lsetstat':
        return paths.setAttributes(ctx, request.path, request.attributes, verb === 'setstat')
      case 'opendir':
        return paths.openDirectory(ctx, id, request.path)
      case 'readdir':
        return paths.readDirectory(ctx, id, request.handle)
      case 'remove':
      case 'rmdir':
        return paths.removeEntry(ctx, request.path, verb === 'remove' ? 'file' : 'directory')
      case 'mkdir':
        return paths.makeDirectory(ctx, request.path, request.attributes)
      case 'realpath':
        return paths.realPath(id, request.path)
      case 'expand-path':
        return paths.expandPath(id, request.path)
      case 'rename':
      case 'posix-rename':
        return paths.renameEntry(ctx, request.from, request.to, verb === 'posix-rename')
      case 'readlink':
        return paths.readLink(ctx, id, request.path)
      case 'symlink':
        return paths.makeLink(ctx, request.path, request.target)
      case 'hardlink':
        return paths.makeHardLink(ctx, request.from, request.to)
      case 'statvfs':
        return paths.readRoom(ctx, id)
      case 'fstatvfs':
        ctx.handles.get(request.handle)
        return paths.readRoom(ctx, id)
      case 'limits':
        return encodeLimits(id, { packetBytes: MAX_PACKET_BYTES, dataBytes: MAX_DATA_BYTES, handles: MAX_HANDLES })
      case 'home-directory':
        return encodePath(id, '/')
      case 'users-groups': {
        need(ctx, 'stat')
        const { uid, gid } = ctx.files.owner
        const nameOf = (known: number) => (asked: number) => (asked === known ? ctx.ownerName : '')
        return encodeUsersAndGroups(id, request.users.map(nameOf(uid)), request.groups.map(nameOf(gid)))
      }
      case 'unknown':
        return encodeStatus(id, STATUS.unsupported, `${request.name.slice(0, 64)} is not supported.`)
      default:
        return request satisfies never
    }
  }

  #send(pieces: readonly Uint8Array[]): void {
    if (this.#closing.signal.aborted) return
    for (const piece of pieces) this.#stream.write(piece)
  }
}
