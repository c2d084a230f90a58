import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CONTRACTS } from '../../api/index.ts'
import { generatedFiles } from './generated-files.ts'
import { openApiDocument } from './openapi-file.ts'
import { collectTitled } from './schema.ts'
import { bareTypeText } from './type-text.ts'

interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name?: string; readonly in?: string; readonly required?: boolean }[]
  readonly responses: Readonly<Record<string, unknown>>
}
interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const document = JSON.parse(JSON.stringify(openApiDocument())) as Document
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
)

test.each([...generatedFiles()])('%s is what the contracts say', (path, text) => {
  const committed = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
  expect(committed === text, `${path} is stale: run \`npm run generate\``).toBe(true)
})

describe('the OpenAPI document', () => {
  test('has every endpoint once, under its own operation id', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(operations.map(({ operation }) => operation.operationId).toSorted()).toEqual(
      [...CONTRACTS.keys()].toSorted(),
    )
    for (const { path, method, operation } of operations) {
      const spec = CONTRACTS.get(operation.operationId)
      expect(spec?.method.toLowerCase()).toBe(method)
      expect(spec?.path.replace(/:(\w+)/g, '{$1}')).toBe(path)
    }
  })

  test('declares every parameter of a path, and no other', () => {
    for (const { path, operation } of operations) {
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path')
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      expect({ path, names: new Set(declared.map(({ name }) => name)) }).toEqual({ path, names: new Set(wanted) })
      expect(declared.every((parameter) => parameter.required)).toBe(true)
    }
  })

  test('has no reference that leads nowhere, and nothing that nobody refers to', () => {
    const references = new Set<string>()
    JSON.stringify(document, (key, value: unknown) => {
      if (key === '$ref') references.add(String(value))
      return value
    })
    expect([...references].filter((reference) => resolve(reference) === undefined)).toEqual([])
    for (const group of ['schemas', 'responses', 'parameters', 'headers']) {
      for (const name of Object.keys(resolve(`#/components/${group}`) ?? {})) {
        expect(references).toContain(`#/components/${group}/${name}`)
        expect(name).toMatch(/^[\w.-]+$/)
      }
    }
  })

  test('names a success and the general errors for each endpoint', () => {
    for (const { operation } of operations) {
      const statuses = Object.keys(operation.responses)
      expect(statuses.some((status) => status.startsWith('2'))).toBe(true)
      expect(statuses).toContain('500')
    }
  })
})

test('two different schemas under one title are refused', () => {
  const roots = [{ title: 'Pet', type: 'string' }, { items: { title: 'Pet', type: 'integer' } }]
  expect(() => collectTitled(roots)).toThrow('Two different schemas are titled Pet')
})

test('a schema that cannot be written as a type is refused', () => {
  expect(() => bareTypeText({ type: 'tuple' }, { nameOf: () => undefined, allowUndefined: false })).toThrow('tuple')
})

function resolve(reference: string): object | undefined {
  return reference
    .replace('#/', '')
    .split('/')
    .reduce<object | undefined>((at, key) => at && (Reflect.get(at, key) as object | undefined), document)
}
