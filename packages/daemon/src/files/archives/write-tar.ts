import type { PackEntry } from './archive-entry.ts'

const BLOCK = 512
const LARGEST = 0o77777777777

/** A tar in the POSIX dialect: extended headers only where the plain ones have no room. */
export async function* writeTar(entries: AsyncIterable<PackEntry>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const entry of entries) {
    const facts = extendedFacts(entry)
    if (facts.length > 0) {
      yield header({ ...entry, path: Buffer.from('pax'), linkTarget: Buffer.alloc(0) }, 'x', facts.length)
      yield facts
      yield Buffer.alloc(padding(facts.length))
    }
    const kinds = { file: '0', directory: '5', symlink: '2' } as const
    const size = entry.type === 'file' ? entry.sizeBytes : 0
    yield header(entry, kinds[entry.type], size)
    if (size === 0) continue
    yield* entry.body()
    yield Buffer.alloc(padding(size))
  }
  yield Buffer.alloc(2 * BLOCK)
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

function extendedFacts({ path, linkTarget, sizeBytes, type }: PackEntry): Buffer {
  const facts: [string, Buffer][] = []
  if (!isPlain(path)) facts.push(['path', path])
  if (!isPlain(linkTarget)) facts.push(['linkpath', linkTarget])
  if (type === 'file' && sizeBytes > LARGEST) facts.push(['size', Buffer.from(String(sizeBytes))])
  const isText = facts.every(([, value]) => Buffer.from(value.toString('utf8')).equals(value))
  if (facts.length > 0 && !isText) facts.unshift(['hdrcharset', Buffer.from('BINARY')])
  return Buffer.concat(facts.map(([key, value]) => fact(key, value)))
}

/** Fits the hundred bytes of the plain header in letters that every program reads the same. */
function isPlain(bytes: Buffer): boolean {
  return bytes.length <= 100 && bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
}

/** The length of a fact counts its own digits. */
function fact(key: string, value: Buffer): Buffer {
  const rest = key.length + value.length + 3
  let length = rest + String(rest).length
  if (String(length).length !== String(rest).length) length = rest + String(length).length
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from('\n')])
}

function header({ path, mode, modifiedAt, linkTarget }: PackEntry, kind: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  path.copy(block, 0, 0, Math.min(path.length, 100))
  octal(block, 100, 8, mode & 0o777)
  octal(block, 108, 8, 0)
  octal(block, 116, 8, 0)
  octal(block, 124, 12, Math.min(size, LARGEST))
  octal(block, 136, 12, Math.min(Math.floor(modifiedAt / 1000), LARGEST))
  block.write('        ', 148, 'latin1')
  block.write(kind, 156, 'latin1')
  linkTarget.copy(block, 157, 0, Math.min(linkTarget.length, 100))
  block.write('ustar\0' + '00', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function octal(block: Buffer, at: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
}
