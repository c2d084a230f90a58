/** A guard of the library that is taken out: a fuzzer that does not notice proves nothing. */
export interface BrokenBuild {
  readonly name: string
  readonly target: string
  readonly file: string
  readonly from: string
  readonly to: string
}

export const BROKEN_BUILDS: readonly BrokenBuild[] = [
  {
    name: 'patterns without a limit on their steps',
    target: 'rules',
    file: 'eggs/pattern/pattern.ts',
    from: 'if (--budget.left < 0) return null',
    to: 'budget.left = 1_000_000',
  },
  {
    name: 'a parser that lets its errors out',
    target: 'parse',
    file: 'eggs/read-egg.ts',
    from: 'if (!(error instanceof ReadError)) throw error',
    to: 'throw error',
  },
  {
    name: 'INI values that are written behind themselves',
    target: 'ini',
    file: 'eggs/config-patch/patch-ini.ts',
    from: 'if (isWritten(line.text.slice(entry.head.length), value)) return',
    to: '',
  },
  {
    name: 'start commands that are filled again',
    target: 'startup',
    file: 'eggs/startup.ts',
    from: 'values.get(name) ?? hole)',
    to: '(values.get(name) ?? hole).replace(HOLE, (inner, again: string) => values.get(again) ?? inner))',
  },
]
