import { PatternError, type Assertion, type CharSet, type PatternNode } from './pattern-tree.ts'

/** One step of a compiled pattern; `next` of a jump is an index into the program. */
export type Instruction =
  | { readonly op: 'set'; readonly set: CharSet; readonly table: Uint8Array }
  /** Repeats one set without a step for each character. */
  | {
      readonly op: 'many'
      readonly set: CharSet
      readonly table: Uint8Array
      readonly min: number
      readonly max: number
    }
  | { readonly op: 'split'; readonly first: number; readonly second: number }
  | { readonly op: 'jump'; readonly next: number }
  | { readonly op: 'save'; readonly slot: number }
  /** Notes the position in a register. */
  | { readonly op: 'mark'; readonly register: number }
  /** Leaves the loop when nothing was read since the mark: ends `(a*)*`. */
  | { readonly op: 'progress'; readonly register: number; readonly exit: number }
  | { readonly op: 'assert'; readonly assert: Assertion }
  | { readonly op: 'backReference'; readonly index: number }
  | { readonly op: 'sub'; readonly program: Program; readonly kind: 'atomic' | 'look'; readonly isNegated: boolean }
  | { readonly op: 'behind'; readonly program: Program; readonly length: number; readonly isNegated: boolean }
  | { readonly op: 'end' }

export interface Program {
  readonly instructions: readonly Instruction[]
  readonly registers: number
}

const MAX_INSTRUCTIONS = 20_000

/** The program and the number of its instructions. @throws PatternError when the repetitions make it too large */
export function compilePattern(root: PatternNode): { readonly program: Program; readonly size: number } {
  const budget: Budget = { left: MAX_INSTRUCTIONS, tables: new Map() }
  const program = compileProgram(root, budget)
  return { program, size: MAX_INSTRUCTIONS - budget.left }
}

interface Budget {
  left: number
  /** A repeated set has one table. */
  readonly tables: Map<CharSet, Uint8Array>
}

function compileProgram(root: PatternNode, budget: Budget): Program {
  const instructions: Instruction[] = []
  let registers = 0

  const spend = () => {
    if (--budget.left < 0) throw new PatternError('the pattern is too large')
  }
  const add = (instruction: Instruction): number => {
    spend()
    return instructions.push(instruction) - 1
  }
  const tableFor = (set: CharSet): Uint8Array => {
    const known = budget.tables.get(set)
    if (known) return known
    const table = tableOf(set)
    budget.tables.set(set, table)
    return table
  }

  const emitChoice = (items: readonly PatternNode[]) => {
    const jumps: number[] = []
    items.forEach((item, index) => {
      if (index === items.length - 1) {
        emit(item)
        return
      }
      const split = add({ op: 'jump', next: 0 })
      emit(item)
      jumps.push(add({ op: 'jump', next: 0 }))
      instructions[split] = { op: 'split', first: split + 1, second: instructions.length }
    })
    for (const jump of jumps) instructions[jump] = { op: 'jump', next: instructions.length }
  }

  const emitOptional = (isLazy: boolean, body: () => void) => {
    const split = add({ op: 'jump', next: 0 })
    body()
    const after = instructions.length
    instructions[split] = isLazy
      ? { op: 'split', first: after, second: split + 1 }
      : { op: 'split', first: split + 1, second: after }
  }

  const emitRepeat = (item: PatternNode, min: number, max: number, isLazy: boolean) => {
    if (item.kind === 'set' && !isLazy) {
      add({ op: 'many', set: item.set, table: tableFor(item.set), min, max })
      return
    }
    for (let count = 0; count < min; count++) emit(item)
    if (max !== Infinity) {
      // Nested, so that giving up on one gives up on the rest.
      const nest = (left: number): void => {
        const splits: number[] = []
        for (let count = 0; count < left; count++) {
          splits.push(add({ op: 'jump', next: 0 }))
          emit(item)
        }
        const after = instructions.length
        for (const split of splits) {
          instructions[split] = isLazy
            ? { op: 'split', first: after, second: split + 1 }
            : { op: 'split', first: split + 1, second: after }
        }
      }
      nest(max - min)
      return
    }
    const register = registers++
    const start = instructions.length
    emitOptional(isLazy, () => {
      add({ op: 'mark', register })
      emit(item)
      const progress = add({ op: 'progress', register, exit: 0 })
      const back = add({ op: 'jump', next: start })
      instructions[progress] = { op: 'progress', register, exit: back + 1 }
    })
  }

  const emit = (node: PatternNode): void => {
    switch (node.kind) {
      case 'set':
        add({ op: 'set', set: node.set, table: tableFor(node.set) })
        return
      case 'sequence':
        // An empty one costs as well: it may be repeated a million times.
        spend()
        node.items.forEach(emit)
        return
      case 'choice':
        emitChoice(node.items)
        return
      case 'group':
        add({ op: 'save', slot: node.index * 2 })
        emit(node.item)
        add({ op: 'save', slot: node.index * 2 + 1 })
        return
      case 'repeat':
        emitRepeat(node.item, node.min, node.max, node.isLazy)
        return
      case 'assert':
        add({ op: 'assert', assert: node.assert })
        return
      case 'backReference':
        add({ op: 'backReference', index: node.index })
        return
      case 'atomic':
        add({ op: 'sub', program: compileProgram(node.item, budget), kind: 'atomic', isNegated: false })
        return
      case 'look': {
        const program = compileProgram(node.item, budget)
        if (!node.isBehind) add({ op: 'sub', program, kind: 'look', isNegated: node.isNegated })
        else add({ op: 'behind', program, length: lengthOf(node.item), isNegated: node.isNegated })
        return
      }
      default:
        node satisfies never
    }
  }

  emit(root)
  add({ op: 'end' })
  return { instructions, registers }
}

function lengthOf(node: PatternNode): number {
  const fail = (): never => {
    throw new PatternError('what stands behind must have a fixed length')
  }
  switch (node.kind) {
    case 'set':
      return 1
    case 'sequence':
      return node.items.reduce((sum, item) => sum + lengthOf(item), 0)
    case 'choice': {
      const lengths = new Set(node.items.map(lengthOf))
      return lengths.size === 1 ? ([...lengths][0] ?? 0) : fail()
    }
    case 'group':
    case 'atomic':
      return lengthOf(node.item)
    case 'repeat':
      return node.min === node.max ? node.min * lengthOf(node.item) : fail()
    case 'look':
    case 'assert':
      return 0
    case 'backReference':
      return fail()
    default:
      return node satisfies never
  }
}

/** 1 where the set has the code, for the first 256. */
function tableOf(set: CharSet): Uint8Array {
  const table = new Uint8Array(256)
  for (let code = 0; code < 256; code++) table[code] = hasSlow(set, code) ? 1 : 0
  return table
}

function hasSlow(set: CharSet, code: number): boolean {
  const found =
    set.ranges.some(([from, to]) => code >= from && code <= to) ||
    set.nested.some((nested) => hasSlow(nested, code)) ||
    set.properties.some((property) => property.test(String.fromCodePoint(code)))
  return found !== set.isNegated
}
