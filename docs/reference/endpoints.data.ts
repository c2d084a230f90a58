import { readFileSync } from 'node:fs'

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly 'x-hatchery-class': string
  readonly 'x-hatchery-permission': unknown
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export interface Endpoint {
  readonly name: string
  readonly tag: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly class: string
  readonly permission: string
}

declare const data: readonly Endpoint[]
export { data }

const file = new URL('../../packages/core/openapi.json', import.meta.url)

/** The endpoints as the committed OpenAPI document lists them. */
export default {
  watch: ['../../packages/core/openapi.json'],
  load(): readonly Endpoint[] {
    const { paths } = JSON.parse(readFileSync(file, 'utf8')) as Document
    return Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        name: operation.operationId,
        tag: operation.tags[0] ?? '',
        method: method.toUpperCase(),
        path,
        summary: operation.summary,
        class: operation['x-hatchery-class'],
        permission: permissionText(operation['x-hatchery-permission']),
      })),
    )
  },
}

function permissionText(permission: unknown): string {
  if (typeof permission === 'string') return permission
  const [[kind, value] = []] = Object.entries(permission as object)
  return kind === 'by' ? `by ${String(value)}` : `${kind}: ${String(value)}`
}
