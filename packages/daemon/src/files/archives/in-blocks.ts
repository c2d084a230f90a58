const BLOCK_BYTES = 1024 * 1024

/**
 * Gathers small pieces into large ones: a header, a short file and its padding are not worth a system call or a turn of a
 * compressor each. Large pieces are passed on as they are.
 */
export async function* inBlocks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let [block, filled] = [Buffer.allocUnsafeSlow(BLOCK_BYTES), 0]
  for await (const piece of source) {
    if (filled + piece.length <= BLOCK_BYTES) {
      block.set(piece, filled)
      filled += piece.length
      continue
    }
    if (filled > 0) yield block.subarray(0, filled)
    // The one that was passed on may still be in use.
    if (filled > 0) block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    filled = piece.length < BLOCK_BYTES / 2 ? piece.length : 0
    if (filled > 0) block.set(piece)
    else yield piece
  }
  if (filled > 0) yield block.subarray(0, filled)
}
