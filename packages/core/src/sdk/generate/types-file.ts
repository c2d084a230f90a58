import {
  ErrorAnswer,
  HoldKind,
  LIVE_TOPICS,
  LiveMessage,
  LiveRequest,
  OperationStatus,
  PowerAction,
  ServerState,
  type ContractSpec,
} from '../../api/index.ts'
import { ERRORS } from '../../errors/index.ts'
import { sortedEndpoints } from './endpoints.ts'
import { collectTitled, plainSchema, type JsonSchema } from './schema.ts'
import { bareTypeText, typeText, type TypeTextOptions } from './type-text.ts'

/** Sets of words that have a name in the contracts, though no title of their own. */
const WORDS = Object.entries({ HoldKind, OperationStatus, PowerAction, ServerState }).map(
  ([name, schema]) => [name, plainSchema(schema)] as const,
)
/** Titles whose plain name would hide a global of JavaScript. */
const RENAMED: Readonly<Record<string, string>> = { Error: 'ErrorAnswer' }

/** Text of `sdk/types.ts`. */
export function typesFile(): string {
  const words = new Map(WORDS.map(([name, schema]) => [JSON.stringify(schema.enum), name]))
  const taken = new Set<string>()
  const nameOf = (schema: JsonSchema): string | undefined => {
    if (schema.title !== undefined) return RENAMED[schema.title] ?? schema.title
    return schema.enum && words.get(JSON.stringify(schema.enum))
  }
  const answers: TypeTextOptions = { nameOf, allowUndefined: false }
  const requests: TypeTextOptions = { nameOf, allowUndefined: true }
  const declare = (name: string, text: string, comment?: string): string => {
    if (taken.has(name)) throw new Error(`The SDK would declare ${name} twice; rename a title or an endpoint.`)
    taken.add(name)
    const head = comment === undefined ? '' : `/** ${comment} */\n`
    return text.startsWith('{') && !text.includes('\n} | {')
      ? `${head}export interface ${name} ${text}`
      : `${head}export type ${name} = ${text}`
  }

  const titled = collectTitled(allSchemas())
  const parts = [
    '// Written by scripts/generate.ts from the contracts in ../api. Do not edit; run `npm run generate`.',
    declare(
      'ErrorCode',
      Object.keys(ERRORS)
        .map((code) => `'${code}'`)
        .join('\n  | '),
      'Codes a panel without extensions answers with.',
    ),
    ...WORDS.map(([name, schema]) => declare(name, bareTypeText(schema, answers))),
    ...[...titled].map(([title, schema]) => declare(RENAMED[title] ?? title, bareTypeText(schema, answers))),
    ...sortedEndpoints().flatMap(([name, spec]) => endpointTypes(name, spec, declare, requests, answers)),
    declare('EndpointTypes', endpointTable(), 'What each endpoint takes and answers, by its name.'),
    declare('LiveEvents', liveEvents(answers), 'What an event of each kind of live topic carries.'),
    declare('LiveRequest', typeText(plainSchema(LiveRequest), requests), 'A message to the live channel.'),
    declare('LiveMessage', typeText(plainSchema(LiveMessage), answers), 'A message from the live channel.'),
  ]
  return `${parts.join('\n\n')}\n`
}

function allSchemas(): readonly JsonSchema[] {
  const specs = sortedEndpoints().map(([, spec]) => spec)
  return [
    ErrorAnswer,
    ...specs.flatMap((spec) => [spec.params, spec.query, spec.body, ...Object.values(spec.response)]),
    ...Object.values(LIVE_TOPICS).map((topic) => topic.event),
  ]
    .filter((schema) => schema !== undefined)
    .map(plainSchema)
}

type Declare = (name: string, text: string, comment?: string) => string

function endpointTypes(
  name: string,
  spec: ContractSpec,
  declare: Declare,
  requests: TypeTextOptions,
  answers: TypeTextOptions,
): string[] {
  const responses = Object.values(spec.response).map((schema) => typeText(plainSchema(schema), answers))
  return [
    ...(['params', 'query', 'body'] as const).flatMap((part) => {
      const schema = spec[part]
      return schema ? [internal(declare(capital(name) + capital(part), typeText(plainSchema(schema), requests)))] : []
    }),
    internal(declare(`${capital(name)}Response`, [...new Set(responses)].join(' | '))),
  ]
}

/** The parts of an endpoint are reached through `EndpointTypes['createServer']['body']`; their names are not a promise. */
function internal(declaration: string): string {
  return declaration.replace(/^export /, '')
}

function endpointTable(): string {
  const rows = sortedEndpoints().map(([name, spec]) => {
    const fields = (['params', 'query', 'body'] as const).map(
      (part) => `readonly ${part}: ${spec[part] ? capital(name) + capital(part) : 'undefined'}`,
    )
    const row = [...fields, `readonly response: ${capital(name)}Response`].map((field) => `    ${field}`)
    return `  /** ${spec.summary}. */\n  readonly ${name}: {\n${row.join('\n')}\n  }`
  })
  return `{\n${rows.join('\n')}\n}`
}

function liveEvents(answers: TypeTextOptions): string {
  const rows = Object.entries(LIVE_TOPICS).map(
    ([kind, topic]) =>
      `  /** ${topic.summary}. */\n  readonly '${kind}': ${typeText(plainSchema(topic.event), answers, '  ')}`,
  )
  return `{\n${rows.join('\n')}\n}`
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
