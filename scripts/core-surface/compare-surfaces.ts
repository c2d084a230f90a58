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
  const changes: SurfaceChange[] = []
  for (const [key, { owner, part, type }] of before) {
    // A type without a name of its own may get one, or be named by nobody any more: then what named it has changed.
    const isUnnamed = owner.startsWith('~')
    const now = after.get(key) ?? (isUnnamed ? after.get(key.slice(1)) : undefined)
    if (now?.type === type || (isUnnamed && !ownersAfter.has(owner) && !ownersAfter.has(owner.slice(1)))) continue
    const what = now ? `was ${type}, is ${now.type}` : `${type} is gone`
    changes.push({ bump: 'major', text: `${owner}${part}: ${what}` })
  }
  for (const [key, { owner, part, type, isDemand }] of after) {
    if (before.has(key) || before.has(`~${key}`)) continue
    // Callers of before do not give it. A whole new function or type demands nothing of them.
    const isDemandOnOld = isDemand && (ownersBefore.has(owner) || ownersBefore.has(`~${owner}`))
    const what = isDemandOnOld ? 'is new and has to be given' : 'is new'
    changes.push({ bump: isDemandOnOld ? 'major' : 'minor', text: `${owner}${part}: ${type} ${what}` })
  }
  return changes
}
