import type { Ajv, ErrorObject, ValidateFunction } from 'ajv'
import { AppError } from '@hatchery/core/errors'
import type { TSchema } from 'typebox'

/** Throws `VALIDATION_FAILED` with one issue for each field. Defaults are filled in, in place. */
export type Validator = (value: unknown) => void

let json: Ajv | undefined
let text: Ajv | undefined

/** Loads the schema compiler when the first request needs it. */
async function compilers(): Promise<{ json: Ajv; text: Ajv }> {
  if (json && text) return { json, text }
  const { Ajv: Compiler } = await import('ajv')
  const options = { strict: false, allErrors: true, useDefaults: true, validateFormats: false, addUsedSchema: false }
  json ??= new Compiler(options)
  // Parameters arrive as text: `limit=10` is a number, `all=true` a boolean.
  text ??= new Compiler({ ...options, coerceTypes: true })
  return { json, text }
}

export async function compileValidator(schema: TSchema, source: 'json' | 'text'): Promise<Validator> {
  const validate: ValidateFunction = (await compilers())[source].compile(bounded(schema) as TSchema)
  return (value) => {
    if (!validate(value)) throw invalid(validate.errors ?? [])
  }
}

/** The schema with an end to its integers: what a number cannot hold exactly, no database column holds either. */
function bounded(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(bounded)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([name, child]) => [name, bounded(child)]))
  if (copy['type'] !== 'integer') return copy
  return { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER, ...copy }
}

function invalid(errors: readonly ErrorObject[]): AppError {
  const issues = errors
    .filter(({ keyword }) => keyword !== 'anyOf')
    .slice(0, 50)
    .map((error) => ({
      path: pathOf(error),
      message: sentenceOf(error),
    }))
  const fields = [...new Set(issues.map(({ path }) => path || 'body'))].slice(0, 10).join(', ')
  return new AppError('VALIDATION_FAILED', { fields, issues })
}

function pathOf({ instancePath, keyword, params }: ErrorObject): string {
  const path = instancePath.split('/').slice(1)
  if (keyword === 'required') path.push(String(params['missingProperty']))
  return path.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).join('.')
}

function sentenceOf({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return 'is missing'
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
    case 'pattern':
      return 'does not have the right form'
    default:
      return message ?? 'is not valid'
  }
}
