import { crc32 } from 'node:zlib'

/** A number as RAR 5 writes it: seven bits a byte, the lowest first. */
function numberOf(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}

function block(...fields: readonly Buffer[]): Buffer {
  const head = Buffer.concat(fields)
  const sized = Buffer.concat([numberOf(head.length), head])
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32(sized))
  return Buffer.concat([sum, sized])
}

/**
 * A RAR 5 archive whose files are stored as they are, for tests: no program that is free makes one.
 * Source: https://www.rarlab.com/technote.htm
 */
export function rarOf(files: Readonly<Record<string, string>>, { isVolume = false } = {}): Buffer {
  const main = block(numberOf(1), numberOf(0), numberOf(isVolume ? 1 : 0))
  const entries = Object.entries(files).map(([path, content]) => {
    const [name, data] = [Buffer.from(path), Buffer.from(content)]
    const sum = Buffer.alloc(4)
    sum.writeUInt32LE(crc32(data))
    const [type, hasData, hasSum, unix] = [2, 2, 4, 1]
    const head = block(
      ...[type, hasData, data.length, hasSum, data.length, 0o100644].map(numberOf),
      sum,
      ...[0, unix, name.length].map(numberOf),
      name,
    )
    return Buffer.concat([head, data])
  })
  const end = block(numberOf(5), numberOf(0), numberOf(isVolume ? 1 : 0))
  return Buffer.concat([Buffer.from('526172211a070100', 'hex'), main, ...entries, end])
}
