import type { Duplex } from 'node:stream'

/** Beyond this, a message is none of ours. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
const HEAD_BYTES = 8

export interface Message {
  readonly head: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
}

/**
 * Messages over a byte stream, each a JSON object with bytes behind it: two lengths, the object, the bytes. Whoever sends waits
 * until the other side keeps up.
 */
export class MessageChannel {
  readonly #stream: Duplex
  readonly #onMessage: (message: Message) => void
  readonly #onEnd: (reason: Error | null) => void
  #rest: Buffer[] = []
  #length = 0
  #isEnded = false
  #waiting: Promise<void> | null = null

  constructor(stream: Duplex, onMessage: (message: Message) => void, onEnd: (reason: Error | null) => void) {
    this.#stream = stream
    this.#onMessage = onMessage
    this.#onEnd = onEnd
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.on('error', (error) => this.#end(error))
    stream.on('close', () => this.#end(null))
    stream.on('end', () => this.#end(null))
  }

  /** Settles when there is room for the next one. */
  async send(head: object, bytes: Uint8Array = new Uint8Array()): Promise<void> {
    if (this.#isEnded) return
    const text = Buffer.from(JSON.stringify(head))
    const lengths = Buffer.alloc(HEAD_BYTES)
    lengths.writeUInt32BE(text.length, 0)
    lengths.writeUInt32BE(bytes.length, 4)
    this.#stream.cork()
    this.#stream.write(lengths)
    let hasRoom = this.#stream.write(text)
    if (bytes.length > 0) hasRoom = this.#stream.write(bytes)
    this.#stream.uncork()
    if (!hasRoom) await this.#room()
  }

  close(): void {
    this.#stream.destroy()
  }

  /** Many may wait for the same moment. */
  #room(): Promise<void> {
    this.#waiting ??= new Promise<void>((resolve) => {
      const done = () => {
        this.#stream.off('drain', done)
        this.#stream.off('close', done)
        this.#waiting = null
        resolve()
      }
      this.#stream.on('drain', done)
      this.#stream.on('close', done)
    })
    return this.#waiting
  }

  #take(chunk: Buffer): void {
    this.#rest.push(chunk)
    this.#length += chunk.length
    while (this.#length >= HEAD_BYTES && !this.#isEnded) {
      const head = this.#peek(HEAD_BYTES)
      const [textLength, bytesLength] = [head.readUInt32BE(0), head.readUInt32BE(4)]
      const total = HEAD_BYTES + textLength + bytesLength
      if (total > MAX_MESSAGE_BYTES) return this.#fail(new Error(`A message of ${total} bytes is too long.`))
      if (this.#length < total) return
      const whole = this.#peek(total)
      this.#drop(total)
      this.#deliver(whole.subarray(HEAD_BYTES, HEAD_BYTES + textLength), whole.subarray(HEAD_BYTES + textLength, total))
    }
  }

  #deliver(text: Buffer, bytes: Buffer): void {
    let head: unknown
    try {
      head = JSON.parse(text.toString('utf8'))
    } catch (error) {
      return this.#fail(new Error('A message is not JSON.', { cause: error }))
    }
    if (typeof head !== 'object' || head === null) return this.#fail(new Error('A message is no object.'))
    this.#onMessage({ head: head as Message['head'], bytes })
  }

  /** The first bytes of what has come, in one piece. */
  #peek(length: number): Buffer {
    const [first] = this.#rest
    if (first && first.length >= length) return first
    const whole = Buffer.concat(this.#rest)
    this.#rest = [whole]
    return whole
  }

  #drop(length: number): void {
    const [whole] = this.#rest
    this.#length -= length
    const rest = whole!.subarray(length)
    this.#rest = rest.length > 0 ? [rest, ...this.#rest.slice(1)] : this.#rest.slice(1)
  }

  #fail(error: Error): void {
    this.#end(error)
    this.#stream.destroy()
  }

  #end(reason: Error | null): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#onEnd(reason)
  }
}
