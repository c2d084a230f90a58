import { nameOf } from '../file-path.ts'

/** One entry of a configuration file, as far as a form has to know it. */
interface FieldBase {
  readonly key: string
  /** What the program takes when the file does not say. */
  readonly standard: string
  /** There is a sentence about it in the messages. */
  readonly hasHelp?: boolean
}
export type ConfigField = FieldBase &
  (
    | { readonly kind: 'switch' | 'text' | 'secret' }
    | { readonly kind: 'number'; readonly least: number; readonly most: number }
    | { readonly kind: 'choice'; readonly options: readonly string[] }
  )

/** What a form shows of a kind of file. Its words are the message group: `field`, `help` and `group`, dots in keys as `_`. */
export interface ConfigSchema {
  readonly messages: 'serverProperties'
  readonly parser: 'properties'
  readonly groups: readonly { readonly name: string; readonly fields: readonly ConfigField[] }[]
}

type Load = () => Promise<ConfigSchema>

/** Files that have a form, by name; a schema is loaded with the form. */
const SCHEMAS: Readonly<Record<string, Load>> = {
  'server.properties': async () => (await import('./server-properties.ts')).SERVER_PROPERTIES,
}

/** How to load the form of a file; undefined when there is none. */
export function schemaOf(path: string): Load | undefined {
  const name = nameOf(path)
  return Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined
}

/** What is wrong with a value; undefined when nothing is. */
export function problemOf(field: ConfigField, value: string): 'notANumber' | 'outOfRange' | undefined {
  if (field.kind !== 'number') return undefined
  if (!/^-?\d{1,15}$/.test(value.trim())) return 'notANumber'
  const number = Number(value)
  return number < field.least || number > field.most ? 'outOfRange' : undefined
}
