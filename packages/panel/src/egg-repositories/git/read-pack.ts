import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { createInflate, inflateSync, type Inflate } from 'node:zlib'
import { applyDelta, deltaSizes } from './apply-delta.ts'
import { PackError, PackTooLargeError } from './pack-error.ts'

export type GitObjectType = 'commit' | 'tree' | 'blob' | 'tag'

export interface GitObject {
  readonly type: GitObjectType
  readonly data: Buffer
}

/** By object id, 40 hexadecimal digits. Objects that are too large are left out. */
export type GitObjects = ReadonlyMap<string, GitObject>

export interface PackLimits {
  /** Larger ones are left out. */
  readonly objectBytes: number
  readonly objects: number
  /** Of all of them, unpacked, also of those that are left out. */
  readonly totalBytes: number
}

const TYPES: Readonly<Record<number, GitObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const OFFSET_DELTA = 6
const REFERENCE_DELTA = 7
const HEADER_BYTES = 12
const HASH_BYTES = 20
/** After this much work others get their turn. */
const TURN_BYTES = 2 * 1_048_576

interface Entry {
  readonly kind: number
  /** Null where it is too large. */
  readonly data: Buffer | null
  readonly baseOffset?: number
  readonly baseId?: string
}

/**
 * Reads a pack (https://git-scm.com/docs/gitformat-pack, version 2) with an end to everything: sizes are counted as they
 * are stated, before anything is unpacked, and nothing may unpack to more than it stated.
 * @throws PackError, PackTooLargeError
 */
export async function readPack(pack: Buffer, limits: PackLimits, signal: AbortSignal): Promise<GitObjects> {
  const reader = new PackReader(pack, limits, signal)
  return reader.read()
}

class PackReader {
  readonly #pack: Buffer
  readonly #limits: PackLimits
  readonly #signal: AbortSignal
  readonly #entries = new Map<number, Entry>()
  readonly #resolved = new Map<number, GitObject | null>()
  readonly #byId = new Map<string, GitObject>()
  readonly #ids = new Map<number, string>()
  #totalBytes = 0
  #turnBytes = 0

  constructor(pack: Buffer, limits: PackLimits, signal: AbortSignal) {
    this.#pack = pack
    this.#limits = limits
    this.#signal = signal
  }

  async read(): Promise<GitObjects> {
    const pack = this.#pack
    if (pack.length < HEADER_BYTES + HASH_BYTES || pack.toString('latin1', 0, 4) !== 'PACK') {
      throw new PackError('it is no pack')
    }
    if (pack.readUInt32BE(4) !== 2) throw new PackError('the pack has an unknown version')
    const end = pack.length - HASH_BYTES
    if (!createHash('sha1').update(pack.subarray(0, end)).digest().equals(pack.subarray(end))) {
      throw new PackError('the pack is not whole')
    }
    const count = pack.readUInt32BE(8)
    if (count > this.#limits.objects) throw new PackTooLargeError(`it has ${count} objects`)
    let offset = HEADER_BYTES
    for (let index = 0; index < count; index++) offset = await this.#readEntry(offset, end)
    if (offset !== end) throw new PackError('something follows the last object')
    await this.#resolveAll()
    return this.#byId
  }

  /** @returns where the next one begins */
  async #readEntry(start: number, end: number): Promise<number> {
    let offset = start
    const next = (): number => {
      if (offset >= end) throw new PackError('the pack ends inside an object')
      return this.#pack[offset++] ?? 0
    }
    let byte = next()
    const kind = (byte >> 4) & 7
    let size = byte & 15
    for (let factor = 16; byte & 128; factor *= 128) {
      byte = next()
      size += (byte & 127) * factor
      if (size > Number.MAX_SAFE_INTEGER) throw new PackError('an object states an impossible size')
    }
    let base: Pick<Entry, 'baseOffset' | 'baseId'> = {}
    if (kind === OFFSET_DELTA) {
      byte = next()
      let distance = byte & 127
      while (byte & 128) {
        byte = next()
        distance = (distance + 1) * 128 + (byte & 127)
        if (distance > start) throw new PackError('an object is based on something before the pack')
      }
      base = { baseOffset: start - distance }
      if (!this.#entries.has(start - distance)) throw new PackError('an object is based on none')
    } else if (kind === REFERENCE_DELTA) {
      base = { baseId: this.#pack.toString('hex', offset, offset + HASH_BYTES) }
      offset += HASH_BYTES
    } else if (TYPES[kind] === undefined) {
      throw new PackError('an object has an unknown type')
    }
    this.#count(size)
    const { data, length } =
      size > this.#limits.objectBytes
        ? { data: null, length: await skipInflated(this.#pack.subarray(offset, end), size) }
        : inflate(this.#pack.subarray(offset, end), size)
    this.#entries.set(start, { kind, data, ...base })
    await this.#takeTurns(size)
    return offset + length
  }

  /** Deltas may be based on objects that stand behind them, and those on others: without recursion, whatever the depth. */
  async #resolveAll(): Promise<void> {
    for (const [offset, { kind, data }] of this.#entries) {
      const type = TYPES[kind]
      if (type !== undefined) this.#resolve(offset, type, data)
    }
    const byOffset = Map.groupBy(this.#entries, ([, { baseOffset }]) => baseOffset ?? -1)
    const byId = Map.groupBy(this.#entries, ([, { baseId }]) => baseId ?? '')
    const ready = [...this.#resolved.keys()]
    for (let base = ready.pop(); base !== undefined; base = ready.pop()) {
      const id = this.#ids.get(base)
      const object = this.#resolved.get(base) ?? null
      const children = [...(byOffset.get(base) ?? []), ...(id === undefined ? [] : (byId.get(id) ?? []))]
      for (const [offset, { data: delta }] of children) {
        if (this.#resolved.has(offset)) continue
        const data = object && delta ? this.#applied(object.data, delta) : null
        this.#resolve(offset, object?.type ?? 'blob', data)
        ready.push(offset)
        await this.#takeTurns(data?.length ?? 0)
      }
    }
  }

  #applied(base: Buffer, delta: Buffer): Buffer | null {
    const { targetBytes } = deltaSizes(delta)
    if (targetBytes > this.#limits.objectBytes) return null
    this.#count(targetBytes)
    return applyDelta(base, delta)
  }

  #resolve(offset: number, type: GitObjectType, data: Buffer | null): void {
    const object = data === null ? null : { type, data }
    this.#resolved.set(offset, object)
    if (!object) return
    const id = createHash('sha1').update(`${type} ${object.data.length}\0`).update(object.data).digest('hex')
    this.#byId.set(id, object)
    this.#ids.set(offset, id)
  }

  #count(bytes: number): void {
    this.#totalBytes += bytes
    if (this.#totalBytes > this.#limits.totalBytes) {
      throw new PackTooLargeError(`it unpacks to more than ${this.#limits.totalBytes / 1_048_576} MiB`)
    }
  }

  async #takeTurns(bytes: number): Promise<void> {
    // An object costs something even where it holds nothing.
    this.#turnBytes += bytes + 4096
    if (this.#turnBytes < TURN_BYTES) return
    this.#turnBytes = 0
    await yieldToOthers()
    this.#signal.throwIfAborted()
  }
}

type WithEngine = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }

/** @returns the object and how many bytes it took in the pack */
function inflate(bytes: Buffer, size: number): { readonly data: Buffer; readonly length: number } {
  try {
    // One more than stated, so that what is longer shows; the library takes no limit of zero.
    // A small object must not keep a large buffer alive.
    const chunkSize = Math.max(64, Math.min(size + 1, 65_536))
    const options = { info: true, maxOutputLength: size + 1, chunkSize }
    const { buffer, engine } = inflateSync(bytes, options) as unknown as WithEngine
    if (buffer.length !== size) throw new PackError('an object has another size than it states')
    return { data: buffer, length: engine.bytesWritten }
  } catch (error) {
    if (error instanceof PackError) throw error
    throw new PackError('an object cannot be unpacked', { cause: error })
  }
}

/** @returns how many bytes the object took in the pack; nothing of it is kept */
async function skipInflated(bytes: Buffer, size: number): Promise<number> {
  const inflating: Inflate = createInflate()
  let produced = 0
  inflating.on('data', (chunk: Buffer) => {
    produced += chunk.length
    if (produced > size) inflating.destroy(new PackError('an object has another size than it states'))
  })
  const ended = once(inflating, 'end')
  ended.catch(() => {
    // Thrown below, where it is waited for.
  })
  try {
    for (let offset = 0; offset < bytes.length && !inflating.readableEnded; offset += 65_536) {
      if (!inflating.write(bytes.subarray(offset, offset + 65_536))) {
        await Promise.race([once(inflating, 'drain'), ended])
      }
    }
    if (!inflating.readableEnded) {
      inflating.end()
      await ended
    }
  } catch (error) {
    throw error instanceof PackError ? error : new PackError('an object cannot be unpacked', { cause: error })
  } finally {
    inflating.destroy()
  }
  if (produced !== size) throw new PackError('an object has another size than it states')
  return inflating.bytesWritten
}
