/** The part of JSON Schema that the contracts use; anything else makes the generator stop instead of guessing. */
export interface JsonSchema {
  readonly title?: string
  readonly $ref?: string
  readonly type?: string
  readonly const?: string | number | boolean | null
  readonly enum?: readonly (string | number | null)[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly [keyword: string]: unknown
}

/** What a schema is on the wire: the marks that TypeBox keeps for itself are gone. */
export function plainSchema(schema: unknown): JsonSchema {
  return JSON.parse(JSON.stringify(schema)) as JsonSchema
}

/** Every schema directly inside another one. */
function childSchemas(schema: JsonSchema): readonly JsonSchema[] {
  return [
    ...(schema.anyOf ?? []),
    ...(schema.items ? [schema.items] : []),
    ...Object.values(schema.properties ?? {}),
    ...Object.values(schema.patternProperties ?? {}),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
  ]
}

/**
 * Collects titled schemas by title, outermost first.
 * @throws Error if two different schemas carry one title
 */
export function collectTitled(roots: readonly JsonSchema[]): Map<string, JsonSchema> {
  const found = new Map<string, JsonSchema>()
  const visit = (schema: JsonSchema): void => {
    if (schema.title !== undefined) {
      const known = found.get(schema.title)
      if (known && JSON.stringify(known) !== JSON.stringify(schema)) {
        throw new Error(`Two different schemas are titled ${schema.title}; rename one.`)
      }
      if (known) return
      found.set(schema.title, schema)
    }
    childSchemas(schema).forEach(visit)
  }
  roots.forEach(visit)
  return found
}
