import {
  joinLines,
  lineEndOf,
  lineRulesOf,
  linesOf,
  newValueOf,
  textOf,
  type ConfigReplacement,
  type Line,
  type Rule,
} from './replacement.ts'

/** One of old Macs too: as the last sign of a line it would become half of one of Windows. */
const BREAK = /\r\n|\r|\n/

/**
 * Replaces each line that begins with a match. Of several the longest counts (the daemons would write all their values
 * on one line); an empty match means every line that no other one takes. A value that no line took is added as a line of
 * its own only where the replacement says `insertNew`.
 */
export function patchLines(text: string, replacements: readonly ConfigReplacement[]): string {
  const end = lineEndOf(text)
  const rules = lineRulesOf(replacements).toSorted((left, right) => right.match.length - left.match.length)
  const taken = new Set<Rule>()
  const lines = linesOf(text)
  const result: Line[] = []
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]
    const rule = line && rules.find(({ match }) => line.text.startsWith(match))
    if (line && !rule) result.push(line)
    if (!line || !rule) continue
    taken.add(rule)
    const present = line.text.slice(rule.match.length).replace(/^\s*[=:]?\s*/, '')
    const found = newValueOf(rule, present)
    if (!found) {
      result.push(line)
      continue
    }
    const wanted = textOf(found.value).split(BREAK)
    // A value of several lines that stands there already is not written again below itself.
    const there = lines.slice(index, index + wanted.length)
    if (wanted.every((part, offset) => (there[offset]?.text ?? '') === part)) {
      result.push(...there)
      index += there.length - 1
    } else result.push({ text: wanted.join(end), end: line.end })
  }
  const added = rules.filter((rule) => !taken.has(rule)).flatMap((rule) => addedBy(rule, end))
  return joinLines(appendLines(result, added, end))
}

function addedBy({ match, entries }: Rule, end: string): string[] {
  const found = newValueOf({ match, entries: entries.filter(({ insertNew }) => insertNew) }, undefined)
  return found ? [textOf(found.value).split(BREAK).join(end)] : []
}

/** The lines with others behind them; a file without an end of line at its end stays one. */
export function appendLines(lines: readonly Line[], added: readonly string[], end: string): Line[] {
  const last = lines.at(-1)
  if (added.length === 0) return [...lines]
  const hasEnd = last === undefined || last.end !== ''
  const before = last && !hasEnd ? [...lines.slice(0, -1), { ...last, end }] : lines
  return [...before, ...added.map((text, index) => ({ text, end: hasEnd || index < added.length - 1 ? end : '' }))]
}
