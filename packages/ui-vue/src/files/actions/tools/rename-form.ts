import type { RenameRule, RenameScope } from '@hatchery/core/renames'

/** What one form of the dialog says; empty fields change nothing. */
export interface RenameForm {
  readonly find: string
  readonly with: string
  readonly isPattern: boolean
  readonly isCaseSensitive: boolean
  readonly scope: RenameScope
  readonly prefix: string
  readonly suffix: string
  readonly letters: 'keep' | 'lower' | 'upper' | 'title'
  readonly number: 'none' | 'start' | 'end' | 'instead'
  /** Number of the first file. */
  readonly start: number
  readonly digits: number
}

export const EMPTY_RENAME: RenameForm = {
  find: '',
  with: '',
  isPattern: false,
  isCaseSensitive: true,
  scope: 'name',
  prefix: '',
  suffix: '',
  letters: 'keep',
  number: 'none',
  start: 1,
  digits: 2,
}

/** The rules in the order they are followed: replace, letters, begin and end, number. */
export function rulesOf(form: RenameForm): readonly RenameRule[] {
  const { find, isPattern, isCaseSensitive, scope, prefix, suffix, letters, number, start, digits } = form
  const rules: RenameRule[] = []
  if (find !== '') rules.push({ kind: 'replace', find, with: form.with, isPattern, isCaseSensitive, scope })
  if (letters !== 'keep') rules.push({ kind: 'case', to: letters, scope })
  if (prefix !== '') rules.push({ kind: 'add', text: prefix, at: 'start', scope })
  if (suffix !== '') rules.push({ kind: 'add', text: suffix, at: 'end', scope })
  if (number !== 'none') {
    const separator = number === 'instead' ? {} : { separator: '-' }
    rules.push({
      kind: 'number',
      start: whole(start, 0, 1_000_000),
      digits: whole(digits, 1, 20),
      at: number,
      ...separator,
    })
  }
  return rules
}

function whole(value: number, least: number, most: number): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, Math.trunc(value))) : least
}
