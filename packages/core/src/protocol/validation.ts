import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

type Validator = ReturnType<typeof Compile>

const compiled = new WeakMap<TSchema, Validator>()

/** Checks a value; a schema is compiled the first time it is used. */
export function matches(schema: TSchema, value: unknown): boolean {
  return validatorOf(schema).Check(value)
}

/** Says in a few words where a value differs from its schema. */
export function explainMismatch(schema: TSchema, value: unknown): string {
  const [first] = validatorOf(schema).Errors(value)
  return first ? `${first.instancePath || 'the value'} ${first.message}` : 'it does not have the agreed form'
}

function validatorOf(schema: TSchema): Validator {
  let validator = compiled.get(schema)
  if (!validator) compiled.set(schema, (validator = Compile(schema)))
  return validator
}
