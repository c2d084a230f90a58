import { readFileSync } from 'node:fs'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib'

/** What a compressed segment's name ends in, after its own. */
export const PACKED = '.zst'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Compresses a segment that is not written any more. A crash leaves the one, the other or both, each of them whole. */
export async function packSegment(path: string): Promise<void> {
  const bytes = await readFile(path).catch(noFile)
  if (bytes === null) return
  const part = `${path}.part`
  const file = await open(part, 'w', 0o600)
  try {
    await file.writeFile(await compress(bytes))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, path + PACKED)
  await rm(path, { force: true })
}

/** The text of a segment, compressed or not; empty when it was removed as too old meanwhile. */
export async function readSegment(path: string): Promise<string> {
  const plain = await readFile(path, 'utf8').catch(noFile)
  if (plain !== null) return plain
  // Compressed between the listing and now, or long ago.
  const packed = await readFile(path + PACKED).catch(noFile)
  return packed === null ? '' : (await decompress(packed)).toString('utf8')
}

/** For the start, before anything else runs. */
export function readPackedSync(path: string): string | null {
  try {
    return zstdDecompressSync(readFileSync(path + PACKED)).toString('utf8')
  } catch (error) {
    noFile(error as NodeJS.ErrnoException)
    return null
  }
}

function noFile(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
