import type { Labelled } from '../model.ts'
import { brief, type ChangeList } from './change-list.ts'
import type { EggEffect } from './egg-change.ts'
import { isReordered, pairUp, type Pair } from './pair-up.ts'

interface Words {
  /** As in `/images`. */
  readonly pointer: string
  /** As in "image". */
  readonly noun: string
  readonly effect: EggEffect
  readonly removed: string
}

/** Images and start commands: a label that a person picks by, and what stands behind it. */
export function diffLabelled(
  list: ChangeList,
  before: readonly Labelled[],
  after: readonly Labelled[],
  words: Words,
): void {
  const pairs = pairUp(before, after, ({ label }) => label)
  const renamed = renamedOf(pairs)
  const sources = new Set(renamed.values())
  for (const pair of pairs) {
    const { before: old, after: now, beforeIndex, afterIndex } = pair
    const pointer = `${words.pointer}/${now ? afterIndex : beforeIndex}`
    if (old && now) {
      const message = `The ${words.noun} “${now.label}” is now ${brief(now.value)}.`
      list.compare({ pointer: `${pointer}/value`, subject: now.label }, old.value, now.value, words.effect, message)
    } else if (now) {
      const from = renamed.get(pair)
      if (from) {
        const message = `The ${words.noun} “${from.label}” is now called “${now.label}”.`
        const named = { kind: 'renamed', pointer: `${pointer}/label`, subject: now.label, message } as const
        list.add({ ...named, before: from.label, after: now.label, effect: 'at-once' })
      } else {
        const message = `The ${words.noun} “${now.label}” can be chosen: ${brief(now.value)}.`
        list.add({ kind: 'added', pointer, subject: now.label, after: now.value, effect: 'at-once', message })
      }
    } else if (old && !sources.has(old)) {
      const message = `The ${words.noun} “${old.label}” can no longer be chosen. ${words.removed}`
      list.add({ kind: 'removed', pointer, subject: old.label, before: old.value, effect: 'at-once', message })
    }
  }
  if (isReordered(pairs) || isOtherDefault(before, after, sources)) {
    const message = `The default ${words.noun} is now “${after[0]?.label ?? ''}”; new servers get it.`
    const isSameDefault = before[0]?.value === after[0]?.value
    list.add({
      kind: 'moved',
      pointer: words.pointer,
      before: before.map(({ label }) => label),
      after: after.map(({ label }) => label),
      effect: 'none',
      message: isSameDefault ? `The ${words.noun}s stand in another order.` : message,
    })
  }
}

/** The same value under another label. */
function renamedOf(pairs: readonly Pair<Labelled>[]): Map<Pair<Labelled>, Labelled> {
  const gone = Map.groupBy(
    pairs.flatMap(({ before, after }) => (before && !after ? [before] : [])),
    ({ value }) => value,
  )
  const renamed = new Map<Pair<Labelled>, Labelled>()
  for (const pair of pairs) {
    if (pair.before || !pair.after) continue
    const from = gone.get(pair.after.value)?.shift()
    if (from) renamed.set(pair, from)
  }
  return renamed
}

/** A new entry before the old default, or the old default gone. */
function isOtherDefault(
  before: readonly Labelled[],
  after: readonly Labelled[],
  sources: ReadonlySet<Labelled>,
): boolean {
  const [old] = before
  const [now] = after
  if (!old || !now || old.label === now.label) return false
  return !(sources.has(old) && old.value === now.value)
}
