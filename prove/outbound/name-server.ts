import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'

const TYPES = { 4: 1, 6: 28 } as const

/** A name server with answers that follow each other, none of which may be kept. */
export class NameServer {
  readonly #socket: Socket
  readonly #answers = new Map<string, readonly (readonly string[])[]>()
  readonly #asked = new Map<string, number>()
  #count = 0

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async open(address: string): Promise<NameServer> {
    const socket = createSocket('udp4')
    const server = new NameServer(socket)
    socket.on('message', (question, { address: to, port }) => socket.send(server.#answer(question), port, to))
    socket.bind(53, address)
    await once(socket, 'listening')
    return server
  }

  /** A new name; each question gets the next answer, and the last one for ever after. */
  add(answers: readonly (readonly string[])[]): string {
    const name = `n${++this.#count}.example`
    this.#answers.set(name, answers)
    return name
  }

  #answer(question: Buffer): Buffer {
    const labels: string[] = []
    let offset = 12
    for (let length = question[offset] ?? 0; length > 0; length = question[offset] ?? 0) {
      labels.push(question.toString('latin1', offset + 1, offset + 1 + length))
      offset += length + 1
    }
    const type = question.readUInt16BE(offset + 1)
    const name = labels.join('.').toLowerCase()
    const addresses = this.#next(name, type).filter((address) => TYPES[isIP(address) as 4 | 6] === type)
    const head = Buffer.from(question.subarray(0, 12))
    head.writeUInt16BE(this.#answers.has(name) ? 0x8180 : 0x8183, 2)
    head.writeUInt16BE(addresses.length, 6)
    head.writeUInt32BE(0, 8)
    return Buffer.concat([head, question.subarray(12, offset + 5), ...addresses.map(recordOf)])
  }

  /** Both families are asked at a time: each of them has a count of its own. */
  #next(name: string, type: number): readonly string[] {
    const answers = this.#answers.get(name) ?? []
    const turn = this.#asked.get(`${name} ${type}`) ?? 0
    this.#asked.set(`${name} ${type}`, turn + 1)
    return answers[Math.min(turn, answers.length - 1)] ?? []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }
}

function recordOf(address: string): Buffer {
  const data = bytesOf(address)
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(TYPES[isIP(address) as 4 | 6], 2)
  head.writeUInt16BE(1, 4)
  // Not to be kept.
  head.writeUInt32BE(0, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function bytesOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [before = '', after] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const [head, tail] = [groups(before), groups(after ?? '')]
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]))
}
