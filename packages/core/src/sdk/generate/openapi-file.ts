import { ErrorAnswer, isBytes, type ContractSpec, type PermissionSpec } from '../../api/index.ts'
import { ERRORS, type ErrorCode } from '../../errors/index.ts'
import type { TSchema } from 'typebox'
import { sortedEndpoints } from './endpoints.ts'
import { collectTitled, plainSchema, type JsonSchema } from './schema.ts'

type Json = Record<string, unknown>

/** Text of `openapi.json`: OpenAPI 3.1, one path item per path of the contracts. */
export function openApiFile(): string {
  return `${JSON.stringify(openApiDocument(), null, 2)}\n`
}

/** The OpenAPI document of `/api/v1`. */
export function openApiDocument(): Json {
  const specs = sortedEndpoints().map(([, spec]) => spec)
  const roots = [ErrorAnswer, ...specs.flatMap((spec) => [spec.params, spec.query, spec.body, ...answers(spec)])]
  const titled = collectTitled(roots.filter((schema) => schema !== undefined).map(plainSchema))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hatchery',
      version: '1',
      description: INTRODUCTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ session: [] }, { apiKey: [] }],
    tags: [...new Set(specs.map((spec) => spec.tag))].map((name) => ({ name })),
    paths: paths(),
    components: {
      responses: Object.fromEntries(
        specs.flatMap((spec) => failures(spec).map(([, name, response]) => [name, response])),
      ),
      schemas: Object.fromEntries([...titled].map(([title, schema]) => [title, withRefs(schema, true)])),
      headers: HEADERS,
      parameters: PARAMETERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

const INTRODUCTION = [
  'JSON in, JSON out. Lists are paged by cursor: send `nextCursor` of a page as `cursor` to get the next one.',
  'Every unsafe call takes an `Idempotency-Key`: a repeated call with the same key gets the first answer again (for 7 days).',
  'Objects with a `revision` can be changed under `If-Match`; the strong `ETag` is the revision in quotes.',
  'Times are milliseconds since 1970-01-01 UTC. Clients accept fields and words that they do not know.',
].join('\n\n')

const SECURITY_SCHEMES = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'hatchery',
    description: 'Set by signing in, `__Host-hatchery` where TLS is. Unsafe calls also need an allowed `Origin`.',
  },
  apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `Authorization: Bearer hk_…`.' },
}

const header = (description: string, schema: Json): Json => ({ description, schema })
const HEADERS = {
  'RateLimit-Limit': header('Calls of this class in a window.', { type: 'integer' }),
  'RateLimit-Remaining': header('Calls that are left in this window.', { type: 'integer' }),
  'RateLimit-Reset': header('Seconds until the window ends.', { type: 'integer' }),
  'Retry-After': header('Seconds to wait before the call is repeated.', { type: 'integer' }),
  ETag: header('Revision of the object in quotes, for `If-Match`.', { type: 'string', examples: ['"7"'] }),
}

const PARAMETERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Chosen by the caller, new for each intended call. The same key with another body is answered 409.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'Revision in quotes. When the object has changed since, nothing is done and 412 is answered.',
    schema: { type: 'string', examples: ['"7"'] },
  },
}

function paths(): Json {
  const items: Record<string, Json> = {}
  for (const [name, spec] of sortedEndpoints()) {
    const path = spec.path.replace(/:(\w+)/g, '{$1}')
    items[path] = { ...items[path], [spec.method.toLowerCase()]: operation(name, spec) }
  }
  return items
}

function operation(name: string, spec: ContractSpec): Json {
  const isPublic = spec.permission === 'public'
  return {
    operationId: name,
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(isPublic ? { security: [] } : {}),
    'x-hatchery-class': spec.class,
    'x-hatchery-permission': spec.permission,
    'x-hatchery-rate': spec.rate ?? 'default',
    ...(spec.body && !isBytes(spec.body) ? { 'x-hatchery-body-limit-bytes': spec.bodyLimitBytes ?? 262_144 } : {}),
    parameters: parameters(spec),
    ...(spec.body
      ? {
          requestBody: {
            required: true,
            content: { [mediaType(spec.body)]: { schema: withRefs(plainSchema(spec.body)) } },
          },
        }
      : {}),
    responses: {
      ...successes(spec),
      ...Object.fromEntries(
        failures(spec).map(([status, name]) => [status, { $ref: `#/components/responses/${name}` }]),
      ),
    },
  }
}

function mediaType(schema: TSchema): string {
  return isBytes(schema) ? 'application/octet-stream' : 'application/json'
}

function parameters(spec: ContractSpec): readonly Json[] {
  return [
    ...fields('path', spec.params && plainSchema(spec.params)),
    ...fields('query', spec.query && plainSchema(spec.query)),
    ...(takesIdempotencyKey(spec) ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ...(takesIfMatch(spec) ? [{ $ref: '#/components/parameters/IfMatch' }] : []),
  ]
}

function fields(place: 'path' | 'query', schema: JsonSchema | undefined): readonly Json[] {
  return Object.entries(schema?.properties ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || (schema?.required?.includes(name) ?? false),
    schema: withRefs(field),
  }))
}

const RATE_HEADERS = Object.fromEntries(
  ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'].map((name) => [name, headerRef(name)]),
)

function headerRef(name: string): Json {
  return { $ref: `#/components/headers/${name}` }
}

function successes(spec: ContractSpec): Json {
  const rows = Object.entries(spec.response).map(([status, schema]) => {
    const plain = plainSchema(schema)
    const hasRevision = plain.properties?.['revision'] !== undefined || isBytes(schema)
    return [
      status,
      {
        description: SUCCESS[status] ?? 'Done.',
        headers: { ...(hasRevision ? { ETag: headerRef('ETag') } : {}), ...RATE_HEADERS },
        content: { [mediaType(schema)]: { schema: withRefs(plain) } },
      },
    ]
  })
  return Object.fromEntries(rows) as Json
}

const SUCCESS: Readonly<Record<string, string>> = {
  '200': 'Done.',
  '201': 'Created.',
  '202': 'Accepted; the work goes on as an operation.',
}

/** The error answers of an endpoint: status, name of the shared response, and the response itself. */
function failures(spec: ContractSpec): readonly (readonly [status: string, name: string, response: Json])[] {
  const byStatus = Map.groupBy(errorCodes(spec), (code) => ERRORS[code].status)
  return [...byStatus]
    .toSorted(([a], [b]) => a - b)
    .map(([status, codes]) => [String(status), codes.join('.'), errorResponse(codes)])
}

function errorResponse(codes: readonly ErrorCode[]): Json {
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].message}`).join('\n\n'),
    'x-hatchery-codes': codes,
    ...(codes.some(isWorthWaiting) ? { headers: { 'Retry-After': headerRef('Retry-After') } } : {}),
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  }
}

/** Codes an endpoint answers: its own, and those that follow from what it takes and needs. */
function errorCodes(spec: ContractSpec): readonly ErrorCode[] {
  const isUnsafe = spec.method !== 'GET'
  const codes: ErrorCode[] = [
    'BAD_REQUEST',
    ...(spec.permission === 'public' ? [] : (['NOT_SIGNED_IN', 'PERMISSION_DENIED'] as const)),
    ...(isUnsafe ? (['ORIGIN_NOT_ALLOWED'] as const) : []),
    ...(spec.body ? (['BODY_TOO_LARGE'] as const) : []),
    ...(takesIdempotencyKey(spec) ? (['IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_IN_PROGRESS'] as const) : []),
    ...(spec.params || spec.query || spec.body ? (['VALIDATION_FAILED'] as const) : []),
    ...(spec.errors ?? []),
    ...(spec.rate === 'unlimited' ? [] : (['RATE_LIMITED'] as const)),
    'INTERNAL',
    'SERVICE_UNAVAILABLE',
  ]
  return [...new Set(codes)]
}

function isWorthWaiting(code: ErrorCode): boolean {
  return code === 'RATE_LIMITED' || code === 'SERVICE_UNAVAILABLE'
}

/** Nobody is known at a public endpoint, so there is nobody to keep a key for. */
function takesIdempotencyKey(spec: ContractSpec): boolean {
  return (
    spec.method !== 'GET' &&
    spec.class !== 'read' &&
    !isBytes(spec.body) &&
    spec.permission !== ('public' satisfies PermissionSpec)
  )
}

function takesIfMatch(spec: ContractSpec): boolean {
  return spec.errors?.includes('REVISION_MISMATCH') ?? false
}

function answers(spec: ContractSpec): readonly unknown[] {
  return Object.values(spec.response)
}

/** A schema with everything titled inside it replaced by a reference. */
function withRefs(schema: JsonSchema, isRoot = false): JsonSchema {
  if (schema.title !== undefined && !isRoot) return { $ref: `#/components/schemas/${schema.title}` }
  const each = (map: Readonly<Record<string, JsonSchema>>) =>
    Object.fromEntries(Object.entries(map).map(([key, value]) => [key, withRefs(value)]))
  return {
    ...schema,
    ...(schema.anyOf ? { anyOf: schema.anyOf.map((part) => withRefs(part)) } : {}),
    ...(schema.items ? { items: withRefs(schema.items) } : {}),
    ...(schema.properties ? { properties: each(schema.properties) } : {}),
    ...(schema.patternProperties ? { patternProperties: each(schema.patternProperties) } : {}),
  }
}
