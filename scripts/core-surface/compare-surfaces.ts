import type { Promised, Surface } from './read-surface.ts'

/** A promise as it stood at the last release. */
export type FormerPromise = Pick<Promised, 'owner' | 'part' | 'type'>

export interface SurfaceChange {
  /** What users of the package need: `major` where their code may break, `minor` where there is only more. */
  readonly bump: 'minor' | 'major'
  readonly text: string
}

/** The differences between what a module promised and what it promises now. */
export function compareSurfaces(before: ReadonlyMap<string, FormerPromise>, after: Surface): SurfaceChange[] {
  const ownersBefore = new Set([...before.values()].map(({ owner }) => owner))
  const ownersAfter = new Set([...after.values()].map(({ owner }) => owner))
  const formerlyRequired = new Set(Array.from(before.keys(), asOptional))
  const changes: SurfaceChange[] = []
  for (const [key, { owner, part, type }] of before) {
    // A type without a name of its own may get one, or be named by nobody any more: then what named it has changed.
    const isUnnamed = owner.startsWith('~')
    const now = after.get(key) ?? after.get(asOptional(key)) ?? (isUnnamed ? after.get(key.slice(1)) : undefined)
    if (
      (now?.type === type && now.part === part) ||
      (isUnnamed && !ownersAfter.has(owner) && !ownersAfter.has(owner.slice(1)))
    )
      continue
    const what = now ? `was ${type}, is ${now.type}` : `${type} is gone`
    // A parameter that takes more than before takes what it took before.
    const isWider = now !== undefined && part.startsWith('(') && isSubset(choicesOf(type), choicesOf(now.type))
    changes.push({ bump: isWider ? 'minor' : 'major', text: `${owner}${part}: ${what}` })
  }
  for (const [key, { owner, part, type, isDemand }] of after) {
    if (before.has(key) || before.has(`~${key}`) || formerlyRequired.has(key)) continue
    // Callers of before do not give it. A whole new function or type demands nothing of them.
    const isDemandOnOld = isDemand && (ownersBefore.has(owner) || ownersBefore.has(`~${owner}`))
    const what = isDemandOnOld ? 'is new and has to be given' : 'is new'
    changes.push({ bump: isDemandOnOld ? 'major' : 'minor', text: `${owner}${part}: ${type} ${what}` })
  }
  return changes
}

/** The key that a parameter has once it may be left out. */
const asOptional = (key: string): string => key.replace(/\t\((\d+)\)$/, '\t($1?)')

const isSubset = (some: readonly string[], all: readonly string[]): boolean => some.every((each) => all.includes(each))

/** The parts of a union, as far as it is one. */
function choicesOf(type: string): string[] {
  const choices: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at <= type.length; at++) {
    const character = type[at] ?? '|'
    // A function in a union stands in parentheses; an arrow is no closing bracket.
    if ('([{<'.includes(character)) depth++
    else if (')]}>'.includes(character) && type[at - 1] !== '=') depth--
    else if (character === '|' && depth === 0) {
      choices.push(type.slice(start, at).trim())
      start = at + 1
    }
  }
  return choices
}
