import { compileLinearPattern } from './linear-pattern.ts'

export interface StartupDetector {
  /** True when there is nothing to wait for: the server counts as running as soon as its process lives. */
  readonly isImmediate: boolean
  /** Patterns that could not be compiled; they never match. */
  readonly invalid: readonly { readonly pattern: string; readonly reason: string }[]
  /** Whether this console line says that the server is ready. */
  matches(line: string): boolean
}

/** Longer lines are looked at up to here; no "done" line of a real game is longer. */
const MAX_LINE_LENGTH = 16_384
// Colours, cursor moves (CSI) and window titles (OSC), as terminals define them.
// oxlint-disable-next-line no-control-regex
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g

/**
 * Watches a console for the lines that say "ready": substrings, or `regex:` and an RE2 pattern.
 * Time is linear in the line, whatever the pattern (an egg may come from anybody).
 * @example createStartupDetector([')! For help, type ', 'regex:^Listening on port \\d+'], { stripAnsi: true })
 */
export function createStartupDetector(
  done: readonly string[],
  options: { readonly stripAnsi?: boolean } = {},
): StartupDetector {
  const invalid: { pattern: string; reason: string }[] = []
  const tests = done.flatMap((entry) => {
    if (!entry.startsWith('regex:')) return [(line: string) => line.includes(entry)]
    const pattern = entry.slice('regex:'.length)
    try {
      const compiled = compileLinearPattern(pattern)
      return [(line: string) => compiled.test(line)]
    } catch (error) {
      invalid.push({ pattern, reason: error instanceof Error ? error.message : String(error) })
      return []
    }
  })
  return {
    isImmediate: done.length === 0,
    invalid,
    matches(line) {
      const bounded = line.length > MAX_LINE_LENGTH ? line.slice(0, MAX_LINE_LENGTH) : line
      const text = options.stripAnsi ? bounded.replace(ANSI, '') : bounded
      return tests.some((test) => test(text))
    },
  }
}
