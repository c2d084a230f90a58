import { lstat, readdir } from 'node:fs/promises'
import { whenGone } from './file-errors.ts'
import { below, itself } from './open-beneath.ts'
import { removeName } from './remove-tree.ts'
import { openPrivate, type TreeContext } from './tree-context.ts'

/** Where files lie until they are whole; a crash leaves them there. */
const AREAS = ['unfinished', 'unpacked']

/** Removes what interrupted work has left beside the tree. */
export async function tidy(ctx: TreeContext, before: number): Promise<void> {
  for (const area of AREAS) {
    await using directory = await openPrivate(ctx, area)
    for (const name of await readdir(itself(directory), 'buffer')) {
      const info = await lstat(below(directory, name)).catch(whenGone)
      if (info && info.mtimeMs < before) await removeName(directory, name, {})
    }
  }
}
