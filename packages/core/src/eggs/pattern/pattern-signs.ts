import { VERTICAL } from './char-classes.ts'
import { charSet, type PatternFlags, type PatternNode } from './pattern-tree.ts'

/** What stands behind a backslash for one code. */
export const CONTROL: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, a: 7, e: 27 }

/** What stands behind a backslash for a place. */
export const ASSERTS: Readonly<
  Record<string, 'boundary' | 'noBoundary' | 'inputStart' | 'end' | 'inputEnd' | undefined>
> = Object.assign(Object.create(null), {
  b: 'boundary',
  B: 'noBoundary',
  A: 'inputStart',
  Z: 'end',
  z: 'inputEnd',
})

/** The flags with those of the letters turned on or off. */
export function withFlags(flags: PatternFlags, letters: string, isOn: boolean): PatternFlags {
  const has = (letter: string) => letters.includes(letter)
  return {
    ...flags,
    ...(has('i') && { ignoreCase: isOn }),
    ...(has('m') && { multiline: isOn }),
    ...(has('s') && { dotAll: isOn }),
    ...(has('x') && { extended: isOn }),
    ...(has('U') && { ungreedy: isOn }),
  }
}

/** `\R`: the two signs of Windows are one. */
export const LINE_END: PatternNode = {
  kind: 'atomic',
  item: {
    kind: 'choice',
    items: [
      { kind: 'sequence', items: [13, 10].map((code) => ({ kind: 'set', set: charSet([[code, code]]) })) },
      { kind: 'set', set: VERTICAL },
    ],
  },
}
