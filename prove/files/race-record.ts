import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Count, RaceResult } from './race.ts'

const FULL_TRIES = 10_000_000
const FILE = path.join(import.meta.dirname, 'result.json')
const SOURCES = path.join(import.meta.dirname, '../../packages/daemon/src/files')

interface Recorded {
  readonly date: string
  readonly commit: string
  /** Of what was attacked; another one begins anew. */
  readonly sources: string
  tries: number
  inside: number
  escapes: number
  isComplete: boolean
  bound: string
  /** Of the naive guard, in ten seconds. */
  readonly control: { readonly tries: number; readonly escapes: number }
  readonly byDoor: Record<string, RaceResult>
}

/** What the full race has come to so far, on the disk. */
export class RaceRecord {
  readonly #row: Recorded

  private constructor(row: Recorded) {
    this.#row = row
  }

  /** Goes on with the one on the disk where it is not complete and the sources are the same. */
  static open(control: RaceResult): RaceRecord {
    const sources = fingerprint()
    const known = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Recorded) : null
    if (known && !known.isComplete && known.sources === sources) {
      // Beside other work the naive guard is hardly raced; what counts is what it shows at its best.
      const isBetter = control.escapes > known.control.escapes
      return new RaceRecord(
        isBetter ? { ...known, control: { tries: control.tries, escapes: control.escapes } } : known,
      )
    }
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' })
    return new RaceRecord({
      date: new Date().toISOString().slice(0, 10),
      commit: commit.trim().slice(0, 12),
      sources,
      tries: 0,
      inside: 0,
      escapes: 0,
      isComplete: false,
      bound: '',
      control: { tries: control.tries, escapes: control.escapes },
      byDoor: {},
    })
  }

  get isComplete(): boolean {
    return this.#row.isComplete
  }

  get remaining(): number {
    return Math.max(1, FULL_TRIES - this.#row.tries)
  }

  get byDoor(): Readonly<Record<string, RaceResult>> {
    return this.#row.byDoor
  }

  get summary(): string {
    const { tries, inside, escapes, bound } = this.#row
    return `${new Date().toISOString()} ${tries} tries, ${inside} inside, ${escapes} escapes: ${bound}`
  }

  /** Adds a turn and writes the file anew. */
  add(door: string, turn: RaceResult): void {
    const row = this.#row
    row.byDoor[door] = sumOf(row.byDoor[door], turn)
    row.tries += turn.tries
    row.inside += turn.inside
    row.escapes += turn.escapes
    row.isComplete = row.tries >= FULL_TRIES
    row.bound = `below 3/${row.tries} = ${(3 / row.tries).toExponential(1)} a try (95 %), where none escaped`
    writeFileSync(`${FILE}.new`, `${JSON.stringify(row, null, 2)}\n`)
    renameSync(`${FILE}.new`, FILE)
  }
}

function sumOf(before: RaceResult | undefined, turn: RaceResult): RaceResult {
  if (!before) return turn
  const both = (a: Count | undefined, b: Count): Count => ({
    tries: (a?.tries ?? 0) + b.tries,
    inside: (a?.inside ?? 0) + b.inside,
    escapes: (a?.escapes ?? 0) + b.escapes,
  })
  const byAttempt = Object.entries(turn.byAttempt).map(([name, count]) => [name, both(before.byAttempt[name], count)])
  return {
    ...both(before, turn),
    changesOutside: before.changesOutside + turn.changesOutside,
    byAttempt: Object.fromEntries(byAttempt) as Record<string, Count>,
  }
}

/** Of the sources of the file tree as they are now. */
export function fingerprint(): string {
  const sum = createHash('sha256')
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (file.endsWith('.ts') && !file.includes('.test')) sum.update(readFileSync(path.join(SOURCES, file)))
  }
  return sum.digest('hex').slice(0, 16)
}
