/** What a run tried and what it found. One finding is told once, with how often it came. */
export class Report {
  readonly trials = new Map<string, number>()
  readonly #findings = new Map<string, { count: number; example: string }>()

  tried(theme: string, count = 1): void {
    this.trials.set(theme, (this.trials.get(theme) ?? 0) + count)
  }

  /** @param what groups findings; `example` is of the first one */
  found(theme: string, what: string, example: string): void {
    const key = `${theme}: ${what}`
    const known = this.#findings.get(key)
    if (known) known.count += 1
    else this.#findings.set(key, { count: 1, example: example.slice(0, 600) })
  }

  /** Counts one trial, and a finding where the condition does not hold. */
  expect(theme: string, isRight: boolean, what: string, example: unknown = ''): void {
    this.tried(theme)
    if (!isRight) this.found(theme, what, typeof example === 'string' ? example : JSON.stringify(example))
  }

  get findings(): readonly string[] {
    return [...this.#findings].map(([key, { count, example }]) => `${key} (${count}×)\n      ${example}`)
  }

  get total(): number {
    return [...this.trials.values()].reduce((sum, count) => sum + count, 0)
  }

  print(): void {
    for (const [theme, count] of this.trials) console.log(`  ${String(count).padStart(7)}  ${theme}`)
    for (const finding of this.findings) console.log(`  ✘ ${finding}`)
  }
}
