import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { ConfigParser } from '@hatchery/core/eggs'

const FIXTURES = path.resolve(import.meta.dirname, '../../packages/core/test/fixtures')
const folder = (name: string) => readdirSync(path.join(FIXTURES, name)).map((file) => path.join(FIXTURES, name, file))
const read = (file: string) => readFileSync(file, 'utf8')

/** Eggs of our own in every format, with their names. */
export const eggs: readonly (readonly [string, string])[] = folder('eggs').map((file) => [
  read(file),
  path.basename(file),
])

/** Patterns that would search for centuries. */
const CATASTROPHES = ['/^(a+)+$/', '/^(a|aa)+$/', '/(a*)*b/', '/^(([a-z])+.)+[A-Z]([a-z])+$/']

const { rows } = JSON.parse(read(path.join(FIXTURES, 'rules/php-answers.json'))) as {
  readonly rows: readonly { readonly rule: string }[]
}

/** Lists of rules, with a value: those of the eggs, and those that no egg has yet. */
export const rules: readonly (readonly [string, string])[] = [
  ...CATASTROPHES.map((pattern) => [`string\nregex:${pattern}`, `${'a'.repeat(40)}!`] as const),
  ...[
    ...new Set(eggs.flatMap(([text]) => [...text.matchAll(/"rules":\s*"([^"]+)"/g)].map((found) => found[1] ?? ''))),
    ...rows.map(({ rule }) => rule),
    'required\nregex:/^(a|b)+[\\w.-]{1,20}$/u\nmax:20',
  ].map((list) => [list, '12'] as const),
]

const PARSERS: Readonly<Record<string, ConfigParser>> = {
  '.properties': 'properties',
  '.yml': 'yaml',
  '.toml': 'toml',
  '.xml': 'xml',
  '.ini': 'ini',
  '.cfg': 'file',
  '.json': 'json',
}

const SMALL: Readonly<Record<ConfigParser, string>> = {
  file: 'a=1\n',
  properties: 'a=1\n# c\nb : 2\\\n 3\n',
  ini: 'a=1\n[a]\nb = 1 ; c\n',
  json: '{"a": [{"b": 1}], /* c */ "x": null}',
  yaml: 'a:\n- b: 1 # c\nx: &y {z: "1"}\nw: *y\n',
  xml: '<r><p name="x" value="1"/><a><b>1</b></a></r>',
  toml: 'x = 1 # c\n[[a]]\nb = "1"\n[a.c]\nd.e = { f = 1 }\n',
}

/** Configuration files for each parser: small ones, and those that look like the real ones. */
export const files: Readonly<Record<ConfigParser, readonly string[]>> = (() => {
  const all: Record<ConfigParser, string[]> = {
    file: [],
    properties: [],
    ini: [],
    json: [],
    yaml: [],
    xml: [],
    toml: [],
  }
  for (const parser of Object.keys(SMALL) as ConfigParser[]) all[parser].push(SMALL[parser])
  if (existsSync(path.join(FIXTURES, 'config'))) {
    for (const file of folder('config')) all[PARSERS[path.extname(file)] ?? 'file'].push(read(file))
  }
  return all
})()
