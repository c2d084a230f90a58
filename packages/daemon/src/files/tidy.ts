import { lstat, readdir } from 'node:fs/promises'
import { whenGone } from './file-errors.ts'
import { below, itself } from './pinned.ts'
import { removeName } from './remove-tree.ts'
import { openPrivate, type TreeContext } from './tree-context.ts'

/** Where things lie until they are whole; a crash leaves them there. */
const UNFINISHED_AREAS = ['unfinished', 'unpacked']
/** Where everything has a record beside it, and what the name of the thing is to that of its record. */
const RECORDED_AREAS = [
  { area: 'trash', ending: '' },
  { area: 'uploads', ending: '.part' },
]
const RECORD = '.json'

/** Removes what interrupted work has left beside the tree: what never got whole, records of nothing, things without a record. */
export async function tidy(ctx: TreeContext, before: number): Promise<void> {
  for (const area of UNFINISHED_AREAS) await removeOld(ctx, area, before, () => true)
  for (const { area, ending } of RECORDED_AREAS) {
    await removeOld(ctx, area, before, (name, names) => {
      if (name.endsWith(RECORD)) return !names.has(`${name.slice(0, -RECORD.length)}${ending}`)
      return !name.endsWith(ending) || !names.has(`${name.slice(0, name.length - ending.length)}${RECORD}`)
    })
  }
}

async function removeOld(
  ctx: TreeContext,
  area: string,
  before: number,
  isLeft: (name: string, names: ReadonlySet<string>) => boolean,
): Promise<void> {
  await using directory = await openPrivate(ctx, area)
  const found = await readdir(itself(directory), 'latin1')
  const names = new Set(found)
  for (const name of found) {
    if (!isLeft(name, names)) continue
    const bytes = Buffer.from(name, 'latin1')
    const info = await lstat(below(directory, bytes)).catch(whenGone)
    if (info && info.mtimeMs < before) await removeName(directory, bytes, {})
  }
}
