import { joinLines, lineEndOf, linesOf, newValueOf, rulesOf, textOf, type ConfigReplacement } from './replacement.ts'

/**
 * Replaces each line that begins with a match. Of several the longest counts (the daemons would write all their values
 * on one line); an empty match means every line that no other one takes.
 */
export function patchLines(text: string, replacements: readonly ConfigReplacement[]): string {
  const rules = rulesOf(replacements).toSorted((left, right) => right.match.length - left.match.length)
  const end = lineEndOf(text)
  const lines = linesOf(text).map((line) => {
    const rule = rules.find(({ match }) => line.text.startsWith(match))
    if (!rule) return line
    const present = line.text.slice(rule.match.length).replace(/^\s*[=:]?\s*/, '')
    const found = newValueOf(rule, present)
    return found ? { ...line, text: textOf(found.value).replace(/\r?\n/g, end) } : line
  })
  return joinLines(lines)
}
