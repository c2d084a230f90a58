import type { UnpackReport, UnpackStreamOptions } from '@hatchery/core/runtime'
import type { TreeContext } from '../tree-context.ts'
import { ByteReader } from './byte-reader.ts'
import { readTar } from './read-tar.ts'
import { unpackEntries } from './unpack.ts'

/**
 * Unpacks a tar that comes piece by piece. Nothing is in the tree before all of it has come; a source that breaks off leaves
 * nothing behind.
 */
export function unpackStream(
  ctx: TreeContext,
  source: AsyncIterable<Uint8Array>,
  { onProgress, ...options }: UnpackStreamOptions,
): Promise<UnpackReport> {
  // How long it will be nobody knows, and a tar that is not compressed is no bomb.
  const told = {
    ...options,
    ...(onProgress && { onProgress: ({ files, bytes }: Told) => onProgress({ files, bytes }) }),
  }
  return unpackEntries(ctx, Number.MAX_SAFE_INTEGER, told, () => readTar(new ByteReader(source)))
}

type Told = Parameters<NonNullable<UnpackStreamOptions['onProgress']>>[0]
