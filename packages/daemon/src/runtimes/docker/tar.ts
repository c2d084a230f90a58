const BLOCK = 512

/** A tar archive of one file, with entries for the directories above it. */
export function tarOf(path: string, content: string | Uint8Array, mode: number): Buffer {
  const data = Buffer.from(content)
  const names = path.split('/').slice(0, -1)
  const directories = names.map((_, index) => header(`${names.slice(0, index + 1).join('/')}/`, 0, 0o755, '5'))
  const padding = Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)
  return Buffer.concat([...directories, header(path, data.length, mode, '0'), data, padding, Buffer.alloc(2 * BLOCK)])
}

function header(name: string, size: number, mode: number, type: '0' | '5'): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`
  block.write(name, 0, 100)
  block.write(octal(mode, 8), 100)
  block.write(octal(0, 8), 108)
  block.write(octal(0, 8), 116)
  block.write(octal(size, 12), 124)
  block.write(octal(0, 12), 136)
  block.fill(' ', 148, 156)
  block.write(type, 156)
  block.write('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
