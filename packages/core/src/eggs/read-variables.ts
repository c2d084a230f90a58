import type { EggVariable } from './model.ts'
import type { TreeReader } from './reader.ts'
import { isMap, pointerTo, unknownKeys, type Tree, type TreeMap } from './tree.ts'

export const VARIABLE_KEYS: ReadonlySet<string> = new Set([
  'name',
  'description',
  'env_variable',
  'default_value',
  'user_viewable',
  'user_editable',
  'rules',
  'sort',
  'order',
  'secret',
  'name_translations',
  'description_translations',
])

export function readVariables(reader: TreeReader, value: Tree | undefined, pointer: string): EggVariable[] {
  const variables: EggVariable[] = []
  const seen = new Set<string>()
  // PHP writes a list from which something was taken as a map.
  const list = isMap(value) ? [...value.values()] : reader.list(value, pointer)
  list.forEach((item, index) => {
    const here = pointerTo(pointer, index)
    if (!isMap(item)) {
      reader.note('error', 'EGG_KEY_TYPE', here, 'The variable is ignored; write a map with `env_variable` here.')
      return
    }
    const variable = readVariable(reader, item, here)
    const at = pointerTo(here, 'env_variable')
    if (variable.envVariable === '') {
      reader.note('error', 'EGG_KEY_MISSING', at, 'The variable is ignored; give it an `env_variable`.')
      return
    }
    if (!/^\w{1,191}$/.test(variable.envVariable)) {
      const message = 'Use at most 191 letters, digits and underscores for the name of the variable.'
      reader.note('warning', 'EGG_VARIABLE_NAME', at, message)
    }
    if (seen.has(variable.envVariable)) {
      const message = `The egg has ${variable.envVariable} twice; the last one counts, remove the other.`
      reader.note('warning', 'EGG_VARIABLE_DUPLICATE', at, message)
    }
    seen.add(variable.envVariable)
    variables.push(variable)
  })
  return variables
}

function readVariable(reader: TreeReader, map: TreeMap, pointer: string): EggVariable {
  const sort = map.get('sort') ?? map.get('order')
  const translations = (key: string) => reader.labelled(map.get(key), pointerTo(pointer, key))
  const nameTranslations = translations('name_translations')
  const descriptionTranslations = translations('description_translations')
  const unknown = unknownKeys(map, VARIABLE_KEYS)
  return {
    name: reader.text(map, 'name', pointer),
    description: reader.text(map, 'description', pointer),
    envVariable: reader.text(map, 'env_variable', pointer),
    defaultValue: reader.text(map, 'default_value', pointer),
    userViewable: reader.flag(map, 'user_viewable', false),
    userEditable: reader.flag(map, 'user_editable', false),
    rules: readRules(reader, map, pointer),
    sort: typeof sort === 'number' && Number.isInteger(sort) ? sort : null,
    ...(map.has('secret') && { secret: reader.flag(map, 'secret', false) }),
    ...(nameTranslations.length > 0 && { nameTranslations }),
    ...(descriptionTranslations.length > 0 && { descriptionTranslations }),
    unknown: unknown.filter(({ key, json }) => key !== 'field_type' || json !== '"text"'),
  }
}

/** Text is split at every `|`, as Laravel does; the items of a list are taken as they are. */
function readRules(reader: TreeReader, map: TreeMap, pointer: string): string[] {
  const rules = map.get('rules')
  return typeof rules === 'string' && rules !== '' ? rules.split('|') : reader.texts(map, 'rules', pointer)
}
