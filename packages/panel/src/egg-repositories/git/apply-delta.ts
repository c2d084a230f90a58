import { PackError } from './pack-error.ts'

interface DeltaHeader {
  readonly baseBytes: number
  readonly targetBytes: number
  /** Where the instructions begin. */
  readonly offset: number
}

/** @throws PackError */
export function deltaSizes(delta: Buffer): DeltaHeader {
  let offset = 0
  const readSize = (): number => {
    let size = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = delta[offset++]
      if (byte === undefined || factor > 2 ** 42) throw new PackError('a change states no size')
      size += (byte & 127) * factor
      if (!(byte & 128)) return size
    }
  }
  return { baseBytes: readSize(), targetBytes: readSize(), offset }
}

/**
 * Builds an object from another one and the change between them.
 * @throws PackError when the change does not fit
 */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  const { baseBytes, targetBytes, offset: start } = deltaSizes(delta)
  if (baseBytes !== base.length) throw new PackError('a change is based on another object')
  const target = Buffer.alloc(targetBytes)
  let offset = start
  let length = 0
  const put = (source: Buffer, from: number, count: number): void => {
    if (from + count > source.length || length + count > targetBytes || count === 0) {
      throw new PackError('a change leads out of its object')
    }
    source.copy(target, length, from, from + count)
    length += count
  }
  while (offset < delta.length) {
    const instruction = delta[offset++] ?? 0
    if (instruction & 128) {
      const readBytes = (mask: number, count: number): number => {
        let number = 0
        for (let index = 0; index < count; index++) {
          if (instruction & (mask << index)) number += (delta[offset++] ?? 0) * 256 ** index
        }
        return number
      }
      const from = readBytes(1, 4)
      put(base, from, readBytes(16, 3) || 65_536)
    } else {
      put(delta, offset, instruction)
      offset += instruction
    }
  }
  if (length !== targetBytes) throw new PackError('a change leaves its object unfinished')
  return target
}
