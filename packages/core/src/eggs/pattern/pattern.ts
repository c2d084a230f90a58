import { compilePattern, type Instruction, type Program } from './compile-pattern.ts'
import { parsePattern } from './parse-pattern.ts'
import { unicodeClass } from './char-classes.ts'
import { WORDS, setHas, type Assertion, type CharSet, type PatternFlags } from './pattern-tree.ts'

/** As many steps as PCRE takes before it gives up; some hundred milliseconds at worst. */
const MAX_STEPS = 1_000_000
const MAX_INPUT = 256 * 1024

/** Steps that searches may still take; several that share one are bounded together. */
export interface PatternBudget {
  left: number
}

export const newBudget = (): PatternBudget => ({ left: MAX_STEPS })

/** Start and end of the match and of each group, as code point offsets; −1 for a group that took no part. */
export type Match = readonly number[]

export interface Pattern {
  /** Null where nothing matches, or where the search was given up because the budget is spent. */
  find(input: readonly number[], from?: number, budget?: PatternBudget): Match | null
  readonly groupCount: number
}

/**
 * A regular expression that cannot hang: PCRE's search order with PCRE's own limit on steps, after which nothing matches.
 * @throws PatternError
 */
export function createPattern(source: string, flags: PatternFlags = {}): Pattern {
  const { root, groupCount } = parsePattern(source, flags)
  const { program, size } = compilePattern(root)
  return {
    groupCount,
    find(input, from = 0, budget = newBudget()) {
      if (input.length > MAX_INPUT) return null
      // A large pattern took its time when it was compiled.
      budget.left -= size
      const run: Run = { input, budget }
      const slots = Array.from({ length: (groupCount + 1) * 2 }, () => -1)
      for (let start = from; start <= input.length && budget.left > 0; start++) {
        // What fails leaves the slots as it found them.
        const end = execute(run, program, start, slots)
        if (end === null) continue
        slots[0] = start
        slots[1] = end
        return slots
      }
      return null
    },
  }
}

export const codePoints = (text: string): number[] => Array.from(text, (char) => char.codePointAt(0) ?? 0)

interface Run {
  readonly input: readonly number[]
  readonly budget: PatternBudget
}

/** What is copied costs steps too; so much of it is one step. */
const COPIED_PER_STEP = 16

/** Runs the program from `start`; changes `slots` and returns the end, or null. The stack is ours, so depth is no limit. */
function execute(run: Run, program: Program, start: number, slots: number[]): number | null {
  const { input, budget } = run
  const registers = Array.from({ length: program.registers }, () => -1)
  budget.left -= program.registers / COPIED_PER_STEP
  // Choices to come back to: what is undone on the way is kept between them.
  const stack: Frame[] = []
  let at = start
  let step = 0

  for (;;) {
    if (--budget.left < 0) return null
    const instruction = program.instructions[step]
    if (!instruction || instruction.op === 'end') return at
    const outcome = advance(run, instruction, at, slots)
    if (outcome !== undefined) {
      if (outcome >= 0) {
        at = outcome
        step++
        continue
      }
    } else {
      switch (instruction.op) {
        case 'jump':
          step = instruction.next
          continue
        case 'split':
          stack.push({ kind: 'choice', step: instruction.second, at })
          step = instruction.first
          continue
        case 'save':
          stack.push({ kind: 'slot', index: instruction.slot, value: slots[instruction.slot] ?? -1 })
          slots[instruction.slot] = at
          step++
          continue
        case 'mark':
          stack.push({ kind: 'register', index: instruction.register, value: registers[instruction.register] ?? -1 })
          registers[instruction.register] = at
          step++
          continue
        case 'progress':
          step = registers[instruction.register] === at ? instruction.exit : step + 1
          continue
        case 'sub': {
          const inner = [...slots]
          budget.left -= slots.length / COPIED_PER_STEP
          const end = execute(run, instruction.program, at, inner)
          if (budget.left < 0) return null
          if ((end === null) !== instruction.isNegated) break
          if (end !== null) {
            inner.forEach((value, index) => {
              if (slots[index] === value) return
              stack.push({ kind: 'slot', index, value: slots[index] ?? -1 })
              slots[index] = value
            })
            if (instruction.kind === 'atomic') at = end
          }
          step++
          continue
        }
        case 'many': {
          let end = at
          const affordable = Math.ceil((budget.left * 8) / instruction.set.weight)
          const limit = Math.min(input.length, at + instruction.max, at + affordable)
          while (end < limit && has(instruction, input[end] ?? 0)) end++
          budget.left -= ((end - at) / 8) * instruction.set.weight
          if (end - at < instruction.min) break
          if (end - at > instruction.min)
            stack.push({ kind: 'range', step: step + 1, low: at + instruction.min, at: end - 1 })
          at = end
          step++
          continue
        }
        default:
          break
      }
    }
    // Failed: back to the newest choice.
    let resumed = false
    for (let frame = stack.pop(); frame; frame = stack.pop()) {
      if (frame.kind === 'slot') {
        slots[frame.index] = frame.value
        continue
      }
      if (frame.kind === 'register') {
        registers[frame.index] = frame.value
        continue
      }
      at = frame.at
      step = frame.step
      if (frame.kind === 'range' && frame.at > frame.low) stack.push({ ...frame, at: frame.at - 1 })
      resumed = true
      break
    }
    if (!resumed) return null
  }
}

type Frame =
  | { readonly kind: 'choice'; readonly step: number; readonly at: number }
  | { readonly kind: 'range'; readonly step: number; readonly low: number; readonly at: number }
  | { readonly kind: 'slot'; readonly index: number; readonly value: number }
  | { readonly kind: 'register'; readonly index: number; readonly value: number }

const has = (instruction: Extract<Instruction, { op: 'set' | 'many' }>, code: number): boolean =>
  code < 256 ? instruction.table[code] === 1 : setHas(instruction.set, code)

/** The position after an instruction that needs no choice, −1 where it fails, undefined where it is another kind. */
function advance(run: Run, instruction: Instruction, at: number, slots: readonly number[]): number | undefined {
  const { input, budget } = run
  switch (instruction.op) {
    case 'set':
      budget.left -= instruction.set.weight - 1
      return at < input.length && has(instruction, input[at] ?? 0) ? at + 1 : -1
    case 'assert':
      return holds(instruction.assert, input, at) ? at : -1
    case 'behind': {
      const from = at - instruction.length
      budget.left -= slots.length / COPIED_PER_STEP
      const found = from >= 0 && execute(run, instruction.program, from, [...slots]) === at
      return found !== instruction.isNegated ? at : -1
    }
    case 'backReference': {
      const from = slots[instruction.index * 2] ?? -1
      const to = slots[instruction.index * 2 + 1] ?? -1
      if (from < 0 || to < 0) return -1
      budget.left -= (to - from) >> 3
      for (let index = from; index < to; index++) if (input[index] !== input[at + index - from]) return -1
      return at + to - from
    }
    default:
      return undefined
  }
}

function holds(assert: Assertion, input: readonly number[], at: number): boolean {
  switch (assert) {
    case 'start':
    case 'inputStart':
      return at === 0
    case 'inputEnd':
      return at === input.length
    case 'end':
      return at === input.length || (at === input.length - 1 && input[at] === 10)
    case 'lineStart':
      return at === 0 || (input[at - 1] === 10 && at < input.length)
    case 'lineEnd':
      return at === input.length || input[at] === 10
    case 'boundary':
    case 'noBoundary':
      return isBoundary(WORDS, input, at) === (assert === 'boundary')
    case 'boundaryUnicode':
    case 'noBoundaryUnicode':
      return isBoundary(unicodeClass('word') ?? WORDS, input, at) === (assert === 'boundaryUnicode')
    default:
      return assert satisfies never
  }
}

function isBoundary(words: CharSet, input: readonly number[], at: number): boolean {
  const before = at > 0 && setHas(words, input[at - 1] ?? 0)
  const after = at < input.length && setHas(words, input[at] ?? 0)
  return before !== after
}
