/** An item of both lists, of the old one, or of the new one, with its place there. */
export interface Pair<T> {
  readonly before: T | undefined
  readonly after: T | undefined
  readonly beforeIndex: number
  readonly afterIndex: number
}

/** Numbers the second and further items of one name, so that each has a key of its own. */
function keysOf<T>(items: readonly T[], keyOf: (item: T) => string): string[] {
  const seen = new Map<string, number>()
  return items.map((item) => {
    const key = keyOf(item)
    const count = seen.get(key) ?? 0
    seen.set(key, count + 1)
    return JSON.stringify([key, count])
  })
}

/** Pairs what has the same key. First the new list in its order, then what only the old one has. */
export function pairUp<T>(before: readonly T[], after: readonly T[], keyOf: (item: T) => string): Pair<T>[] {
  const beforeKeys = keysOf(before, keyOf)
  const afterKeys = keysOf(after, keyOf)
  const places = new Map(beforeKeys.map((key, index) => [key, index] as const))
  const kept = new Set(afterKeys)
  return [
    ...after.map((item, afterIndex): Pair<T> => {
      const beforeIndex = places.get(afterKeys[afterIndex] ?? '') ?? -1
      return { before: before[beforeIndex], after: item, beforeIndex, afterIndex }
    }),
    ...before.flatMap((item, beforeIndex): Pair<T>[] =>
      kept.has(beforeKeys[beforeIndex] ?? '') ? [] : [{ before: item, after: undefined, beforeIndex, afterIndex: -1 }],
    ),
  ]
}

/** Whether the items that both lists have stand in another order. */
export function isReordered<T>(pairs: readonly Pair<T>[]): boolean {
  const places = pairs.flatMap(({ beforeIndex, afterIndex }) =>
    beforeIndex < 0 || afterIndex < 0 ? [] : [beforeIndex],
  )
  return places.some((place, index) => index > 0 && place < (places[index - 1] ?? 0))
}
