import type { VariableInput } from '@hatchery/core/sdk'

export interface VariableProblem {
  /** Key below `servers.variable`. */
  readonly key:
    | 'required'
    | 'number'
    | 'integer'
    | 'minimum'
    | 'maximum'
    | 'minLength'
    | 'maxLength'
    | 'pattern'
    | 'option'
  readonly parameters?: Readonly<Record<string, number>>
}

/** What is wrong with a value, by what the egg's rules say about it. The server decides in the end; this only says it earlier. */
export function checkVariable(input: VariableInput, value: string): VariableProblem | undefined {
  if (value === '') return input.required ? { key: 'required' } : undefined
  if (input.kind === 'switch') return input.values && !input.values.includes(value) ? { key: 'option' } : undefined
  if (input.options && !input.options.includes(value)) return { key: 'option' }
  if (input.kind === 'number') return checkNumber(input, value)
  return checkText(input, value)
}

function checkNumber(input: VariableInput, value: string): VariableProblem | undefined {
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number)) return { key: 'number' }
  if (input.integer && !Number.isInteger(number)) return { key: 'integer' }
  if (input.minimum !== undefined && number < input.minimum)
    return { key: 'minimum', parameters: { minimum: input.minimum } }
  if (input.maximum !== undefined && number > input.maximum)
    return { key: 'maximum', parameters: { maximum: input.maximum } }
  return undefined
}

function checkText(input: VariableInput, value: string): VariableProblem | undefined {
  const length = [...value].length
  if (input.minLength !== undefined && length < input.minLength)
    return { key: 'minLength', parameters: { minimum: input.minLength } }
  if (input.maxLength !== undefined && length > input.maxLength)
    return { key: 'maxLength', parameters: { maximum: input.maxLength } }
  if (input.pattern !== undefined && compile(input.pattern)?.test(value) === false) return { key: 'pattern' }
  return undefined
}

/** A pattern that this browser does not understand is left to the server. */
function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u')
  } catch {
    // The rule was written for another regular expression engine; the server still checks it.
    return undefined
  }
}
