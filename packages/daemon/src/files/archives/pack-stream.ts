import type { PackStreamOptions } from '@hatchery/core/runtime'
import { guarded } from '../file-errors.ts'
import type { TreeContext } from '../tree-context.ts'
import { packedBytes } from './pack.ts'

/** Packs while somebody takes the bytes, and no faster; nothing is written anywhere. */
export async function* packStream(
  ctx: TreeContext,
  options: PackStreamOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = packedBytes(ctx, options)[Symbol.asyncIterator]()
  try {
    for (;;) {
      options.signal?.throwIfAborted()
      const { value, done } = await guarded(options.directory, () => pieces.next())
      if (done === true) return
      yield value
    }
  } finally {
    await pieces.return?.()
  }
}
