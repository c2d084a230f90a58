import type { Json } from '../model.ts'
import type { EggArea, EggChange, EggEffect } from './egg-change.ts'

export const isSame = (before: unknown, after: unknown): boolean => JSON.stringify(before) === JSON.stringify(after)

const MAX_SHOWN = 100

/** A value as a sentence shows it: in quotes, and not all of a long one. */
export function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
  return typeof value === 'string' ? `“${shown}”` : shown
}

type Details = Pick<EggChange, 'kind' | 'pointer' | 'message' | 'effect'> & {
  readonly subject?: string
  readonly before?: Json
  readonly after?: Json
}

/** Collects the changes of one area. */
export class ChangeList {
  readonly changes: EggChange[] = []
  readonly #area: EggArea

  constructor(area: EggArea) {
    this.#area = area
  }

  add({ kind, pointer, message, effect, subject, before, after }: Details): void {
    const shown = { before: before ?? null, after: after ?? null, message, effect }
    this.changes.push({ kind, area: this.#area, subject: subject ?? null, pointer, ...shown })
  }

  /** Notes a value that differs; nothing where it is the same. */
  compare(
    place: { readonly pointer: string; readonly subject?: string },
    before: unknown,
    after: unknown,
    effect: EggEffect,
    message: string,
  ): void {
    if (isSame(before, after)) return
    this.add({ ...place, kind: 'changed', before: asJson(before), after: asJson(after), effect, message })
  }
}

const asJson = (value: unknown): Json => (value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json))
