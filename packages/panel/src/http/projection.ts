import type { TSchema } from 'typebox'

/** Copies a value with the fields its schema names, and no others. */
export type Projection = (value: unknown) => unknown

interface SchemaNode {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: SchemaNode | boolean
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly const?: unknown
}

/**
 * Makes the projection of a schema once, so that an answer costs a copy and no interpretation.
 * @returns null when values pass as they are: scalars, and what the schema leaves open
 */
export function projectionOf(schema: TSchema): Projection | null {
  return build(schema as SchemaNode)
}

function build(node: SchemaNode): Projection | null {
  if (node.anyOf) return buildUnion(node.anyOf)
  if (node.items) return buildArray(node.items)
  if (node.properties) return buildObject(node.properties)
  const values = Object.values(node.patternProperties ?? {})[0] ?? node.additionalProperties
  if (typeof values === 'object') return buildRecord(values)
  // An object without fields, such as the answer that says nothing.
  return node.type === 'object' && node.additionalProperties !== true && !node.patternProperties ? () => ({}) : null
}

function buildArray(items: SchemaNode): Projection | null {
  const project = build(items)
  if (!project) return null
  return (value) => (Array.isArray(value) ? value.map(project) : value)
}

function buildObject(properties: Readonly<Record<string, SchemaNode>>): Projection {
  const fields = Object.entries(properties).map(([name, node]) => [name, build(node)] as const)
  return (value) => {
    if (!isRecord(value)) return value
    const copy: Record<string, unknown> = {}
    for (const [name, project] of fields) {
      const field = value[name]
      if (field === undefined || !Object.hasOwn(value, name)) continue
      copy[name] = project ? project(field) : field
    }
    return copy
  }
}

function buildRecord(values: SchemaNode): Projection | null {
  const project = build(values)
  if (!project) return null
  return (value) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, field]) => [name, project(field)])) : value
}

function buildUnion(branches: readonly SchemaNode[]): Projection | null {
  const built = branches.map((node) => ({ node, project: build(node) }))
  const structured = built.filter(({ project }) => project !== null)
  const [only] = structured
  if (!only) return null
  if (structured.length === 1) return (value) => (value === null ? null : only.project!(value))
  return (value) => {
    const branch = structured.find(({ node }) => fits(node, value))
    return branch?.project ? branch.project(value) : value === null || typeof value !== 'object' ? value : {}
  }
}

/** Tells the branches of a union apart by their required fields and constants. */
function fits(node: SchemaNode, value: unknown): boolean {
  if (node.items) return Array.isArray(value)
  if (!isRecord(value)) return false
  if (!(node.required ?? []).every((name) => Object.hasOwn(value, name))) return false
  return Object.entries(node.properties ?? {}).every(
    ([name, field]) => !('const' in field) || !Object.hasOwn(value, name) || value[name] === field.const,
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
