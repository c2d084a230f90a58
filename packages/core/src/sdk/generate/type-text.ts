import type { JsonSchema } from './schema.ts'

export interface TypeTextOptions {
  /** Name to write instead of a schema's text, if it has one. */
  readonly nameOf: (schema: JsonSchema) => string | undefined
  /** Callers may pass `undefined` for an optional field (requests only). */
  readonly allowUndefined: boolean
}

/** What `fetch` sends as bytes, on every platform. Bytes that are answered are left in the response, to be streamed. */
const SENT_BYTES = 'Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>'

/** A schema as TypeScript. @throws Error on a keyword that it does not know how to write */
export function typeText(schema: JsonSchema, options: TypeTextOptions, indent = ''): string {
  return options.nameOf(schema) ?? bareTypeText(schema, options, indent)
}

/** The same, but the outermost schema is written out even if it has a name. */
export function bareTypeText(schema: JsonSchema, options: TypeTextOptions, indent = ''): string {
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  if (schema.anyOf) return [...new Set(schema.anyOf.map((part) => typeText(part, options, indent)))].join(' | ')
  if (schema['format'] === 'binary') return options.allowUndefined ? SENT_BYTES : 'Response'
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return arrayText(schema.items ?? {}, options, indent)
    case 'object':
      return objectText(schema, options, indent)
    case undefined:
      return 'unknown'
    default:
      throw new Error(`The type generator cannot write ${JSON.stringify(schema)}.`)
  }
}

function arrayText(items: JsonSchema, options: TypeTextOptions, indent: string): string {
  const text = typeText(items, options, indent)
  return /^[\w.]+$/.test(text) ? `readonly ${text}[]` : `readonly (${text})[]`
}

function objectText(schema: JsonSchema, options: TypeTextOptions, indent: string): string {
  const values = Object.values(schema.patternProperties ?? {})
  const [value] = values
  if (value) return `Readonly<Record<string, ${typeText(value, options, indent)}>>`

  const fields = Object.entries(schema.properties ?? {})
  if (fields.length === 0) return 'Readonly<Record<string, never>>'
  const inner = `${indent}  `
  const lines = fields.map(([key, field]) => {
    const isOptional = !schema.required?.includes(key)
    const type = typeText(field, options, inner) + (isOptional && options.allowUndefined ? ' | undefined' : '')
    return `${inner}readonly ${propertyName(key)}${isOptional ? '?' : ''}: ${type}`
  })
  return `{\n${lines.join('\n')}\n${indent}}`
}

function propertyName(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : literal(key)
}

function literal(value: string | number | boolean | null): string {
  return typeof value === 'string' ? `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'` : String(value)
}
