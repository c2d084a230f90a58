import type { Egg } from '../model.ts'
import { treeFromValue, type TreeMap } from '../tree.ts'

const VERSION = 1

/** The egg as Hatchery arranges it: the model as it is, behind the number of its version. */
export function hatcheryTree(egg: Egg): TreeMap {
  const model = treeFromValue(JSON.parse(JSON.stringify(egg)), true) as TreeMap
  return new Map([['hatchery', VERSION], ...model])
}
