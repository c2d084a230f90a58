// Git's framing: four hexadecimal digits with the length, themselves included, then that many bytes; `0000` is a flush.

/** Not the framing that git has. */
export class PktLineError extends Error {}

/** One line; text is sent as UTF-8. */
export function pktLine(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes])
}

export const FLUSH = Buffer.from('0000')

/**
 * The lines of an answer; null is a flush. What follows the last whole line is an error.
 * @throws PktLineError
 */
export function* readPktLines(bytes: Buffer): Generator<Buffer | null> {
  let offset = 0
  while (offset < bytes.length) {
    const digits = bytes.toString('latin1', offset, offset + 4)
    if (!/^[0-9a-f]{4}$/i.test(digits)) throw new PktLineError('a line does not begin with its length')
    const length = Number.parseInt(digits, 16)
    if (length === 0) {
      offset += 4
      yield null
      continue
    }
    if (length < 4 || offset + length > bytes.length) throw new PktLineError('a line has a wrong length')
    yield bytes.subarray(offset + 4, offset + length)
    offset += length
  }
}

export const textOfLine = (line: Buffer): string => line.toString('utf8').replace(/\n$/, '')
