import type { AnsiSpan } from './ansi.ts'

export type MarkedSpan = AnsiSpan & { readonly isMatch?: true }

/** Marks every occurrence of a lower-case word, also where it runs over several looks. */
export function markMatches(spans: readonly AnsiSpan[], needle: string): readonly MarkedSpan[] {
  if (needle === '') return spans
  const text = spans.map((span) => span.text).join('')
  const haystack = text.toLowerCase()
  if (!haystack.includes(needle)) return spans
  const cuts: [number, number][] = []
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, at + needle.length)) {
    cuts.push([at, at + needle.length])
  }
  const marked: MarkedSpan[] = []
  let start = 0
  for (const span of spans) {
    const end = start + span.text.length
    let at = start
    for (const [from, to] of cuts) {
      if (to <= at || from >= end) continue
      if (from > at) marked.push({ ...span, text: text.slice(at, from) })
      marked.push({ ...span, text: text.slice(Math.max(from, at), Math.min(to, end)), isMatch: true })
      at = Math.min(to, end)
    }
    if (at < end) marked.push({ ...span, text: text.slice(at, end) })
    start = end
  }
  return marked
}
