/** What is measured of a server, and of the machine as a whole. Every quantity is a level, not a counter. */
export const QUANTITIES = [
  'cpuPercent',
  'memoryBytes',
  'diskBytes',
  'networkRxBytesPerSecond',
  'networkTxBytesPerSecond',
] as const
export type Quantity = (typeof QUANTITIES)[number]

/** One reading; NaN is a quantity that is not known. */
export type Reading = Readonly<Record<Quantity, number>>

/** Lowest, mean and highest of several readings. */
export interface Summary {
  readonly count: number
  readonly values: Readonly<Record<Quantity, { readonly min: number; readonly avg: number; readonly max: number }>>
}

const SUBJECT_BYTES = 4
const FINE_BYTES = SUBJECT_BYTES + QUANTITIES.length * 4
const COUNT_BYTES = 4
const COARSE_BYTES = SUBJECT_BYTES + COUNT_BYTES + QUANTITIES.length * 3 * 4

/**
 * Readings of all subjects at one time, packed: subject number (32 bits), then single-precision floats, little-endian. Seven
 * digits are more than a chart shows.
 */
export function encodeReadings(readings: ReadonlyMap<number, Reading>): Buffer {
  const frame = Buffer.alloc(readings.size * FINE_BYTES)
  let offset = 0
  for (const [subject, reading] of readings) {
    offset = frame.writeUInt32LE(subject, offset)
    for (const quantity of QUANTITIES) offset = frame.writeFloatLE(reading[quantity], offset)
  }
  return frame
}

/** The reading of one subject, as a summary of one; null when it was not measured then. */
export function findReading(frame: Uint8Array, subject: number): Summary | null {
  const bytes = asBuffer(frame)
  for (let offset = 0; offset + FINE_BYTES <= bytes.length; offset += FINE_BYTES) {
    if (bytes.readUInt32LE(offset) === subject) return readReading(bytes, offset + SUBJECT_BYTES)
  }
  return null
}

export function* eachReading(frame: Uint8Array): Generator<readonly [subject: number, summary: Summary]> {
  const bytes = asBuffer(frame)
  for (let offset = 0; offset + FINE_BYTES <= bytes.length; offset += FINE_BYTES) {
    yield [bytes.readUInt32LE(offset), readReading(bytes, offset + SUBJECT_BYTES)]
  }
}

export function encodeSummaries(summaries: ReadonlyMap<number, Summary>): Buffer {
  const frame = Buffer.alloc(summaries.size * COARSE_BYTES)
  let offset = 0
  for (const [subject, { count, values }] of summaries) {
    offset = frame.writeUInt32LE(subject, offset)
    offset = frame.writeUInt32LE(count, offset)
    for (const quantity of QUANTITIES) {
      const { min, avg, max } = values[quantity]
      for (const value of [min, avg, max]) offset = frame.writeFloatLE(value, offset)
    }
  }
  return frame
}

export function findSummary(frame: Uint8Array, subject: number): Summary | null {
  const bytes = asBuffer(frame)
  for (let offset = 0; offset + COARSE_BYTES <= bytes.length; offset += COARSE_BYTES) {
    if (bytes.readUInt32LE(offset) !== subject) continue
    let at = offset + SUBJECT_BYTES + COUNT_BYTES
    const next = () => {
      at += 4
      return bytes.readFloatLE(at - 4)
    }
    return {
      count: bytes.readUInt32LE(offset + SUBJECT_BYTES),
      values: eachQuantity(() => ({ min: next(), avg: next(), max: next() })),
    }
  }
  return null
}

export function eachQuantity<T>(valueOf: (quantity: Quantity, index: number) => T): Record<Quantity, T> {
  return Object.fromEntries(QUANTITIES.map((quantity, index) => [quantity, valueOf(quantity, index)])) as Record<
    Quantity,
    T
  >
}

/** Both together, the means weighted by how many readings each stands for. */
export function mergeSummaries(a: Summary, b: Summary): Summary {
  const count = a.count + b.count
  return {
    count,
    values: eachQuantity((quantity) => {
      const [first, second] = [a.values[quantity], b.values[quantity]]
      if (Number.isNaN(first.avg)) return second
      if (Number.isNaN(second.avg)) return first
      return {
        min: Math.min(first.min, second.min),
        avg: (first.avg * a.count + second.avg * b.count) / count,
        max: Math.max(first.max, second.max),
      }
    }),
  }
}

function readReading(bytes: Buffer, offset: number): Summary {
  return {
    count: 1,
    values: eachQuantity((_quantity, index) => {
      const value = bytes.readFloatLE(offset + index * 4)
      return { min: value, avg: value, max: value }
    }),
  }
}

/** `node:sqlite` gives plain arrays. */
function asBuffer(frame: Uint8Array): Buffer {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
}
