/**
 * File names are bytes; our interfaces carry text. A byte that is no UTF-8 becomes the lone surrogate U+DC80…U+DCFF
 * (its value plus U+DC00), which no valid text contains, so the way back gives the same bytes.
 */
export function nameFromBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\uFFFD')) return text
  let name = ''
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at)
    name += length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : bytes.toString('utf8', at, at + length)
    at += length || 1
  }
  return name
}

// oxlint-disable-next-line no-control-regex -- what every encoding agrees on
const ASCII = /^[\u0000-\u007f]*$/

/** The same for a name whose bytes were read one to a character. */
export function nameFromLatin1(latin1: string): string {
  return ASCII.test(latin1) ? latin1 : nameFromBytes(Buffer.from(latin1, 'latin1'))
}

export function bytesFromName(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name)
  const parts = Array.from(name, (character) => {
    const code = character.charCodeAt(0)
    return character.length === 1 && code >= 0xdc80 && code <= 0xdcff
      ? Buffer.from([code - 0xdc00])
      : Buffer.from(character)
  })
  return Buffer.concat(parts)
}

/** Length of the valid UTF-8 sequence at `at`; 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length === 0 || at + length > bytes.length) return 0
  const sequence = bytes.subarray(at, at + length)
  return Buffer.from(sequence.toString('utf8')).equals(sequence) ? length : 0
}
