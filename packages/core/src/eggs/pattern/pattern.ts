import { compilePattern, type Instruction, type Program } from './compile-pattern.ts'
import { parsePattern } from './parse-pattern.ts'
import { WORDS, setHas, type Assertion, type PatternFlags } from './pattern-tree.ts'

/** As many steps as PCRE takes before it gives up; a few milliseconds. */
const MAX_STEPS = 1_000_000
const MAX_INPUT = 256 * 1024

/** Start and end of the match and of each group, as code point offsets; −1 for a group that took no part. */
export type Match = readonly number[]

export interface Pattern {
  /** Null where nothing matches, or where the search was given up. */
  find(input: readonly number[], from?: number): Match | null
  readonly groupCount: number
}

/**
 * A regular expression that cannot hang: PCRE's search order with PCRE's own limit on steps, after which nothing matches.
 * @throws PatternError
 */
export function createPattern(source: string, flags: PatternFlags = {}): Pattern {
  const { root, groupCount } = parsePattern(source, flags)
  const program = compilePattern(root)
  return {
    groupCount,
    find(input, from = 0) {
      if (input.length > MAX_INPUT) return null
      const run: Run = { input, steps: MAX_STEPS, groupCount }
      for (let start = from; start <= input.length && run.steps > 0; start++) {
        const slots = Array.from({ length: (groupCount + 1) * 2 }, () => -1)
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
  steps: number
  readonly groupCount: number
}

/** Runs the program from `start`; changes `slots` and returns the end, or null. The stack is ours, so depth is no limit. */
function execute(run: Run, program: Program, start: number, slots: number[]): number | null {
  const { input } = run
  const registers = Array.from({ length: program.registers }, () => -1)
  // Choices to come back to: what is undone on the way is kept between them.
  const stack: Frame[] = []
  let at = start
  let step = 0

  for (;;) {
    if (--run.steps < 0) return null
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
          const end = execute(run, instruction.program, at, inner)
          if (run.steps < 0) return null
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
          const limit = Math.min(input.length, at + instruction.max)
          while (end < limit && has(instruction, input[end] ?? 0)) end++
          run.steps -= (end - at) >> 3
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
  const { input } = run
  switch (instruction.op) {
    case 'set':
      return at < input.length && has(instruction, input[at] ?? 0) ? at + 1 : -1
    case 'assert':
      return holds(instruction.assert, input, at) ? at : -1
    case 'behind': {
      const from = at - instruction.length
      const found = from >= 0 && execute(run, instruction.program, from, [...slots]) === at
      return found !== instruction.isNegated ? at : -1
    }
    case 'backReference': {
      const from = slots[instruction.index * 2] ?? -1
      const to = slots[instruction.index * 2 + 1] ?? -1
      if (from < 0 || to < 0) return -1
      run.steps -= (to - from) >> 3
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
    case 'noBoundary': {
      const before = at > 0 && setHas(WORDS, input[at - 1] ?? 0)
      const after = at < input.length && setHas(WORDS, input[at] ?? 0)
      return (before !== after) === (assert === 'boundary')
    }
    default:
      return assert satisfies never
  }
}
