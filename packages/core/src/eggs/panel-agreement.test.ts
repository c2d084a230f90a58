import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { corpusRows, hasCorpus, readCorpusFile, readOracleLines } from './corpus.test-data.ts'
import { filesTree } from './export/panel-tree.ts'
import type { Egg, Labelled } from './model.ts'
import { DIFFERENCES, differencesTable } from './panel-differences.test-data.ts'
import { parseEgg } from './parse.ts'
import { asPelicanImports } from './pelican-import.ts'
import { treeToValue } from './tree.ts'

type Panel = 'pterodactyl' | 'pelican'
type Values = Record<string, unknown>
interface Imported {
  readonly id: string
  readonly ok: boolean
  readonly parsed: Values & { readonly config: Values; readonly variables: readonly Values[] }
}

const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value)
const asMap = (pairs: readonly Labelled[]) => Object.fromEntries(pairs.map(({ label, value }) => [label, value]))

/** The egg of our model in the words of a panel's file, everything that the model holds. */
function inPanelWords(egg: Egg, panel: Panel): Values {
  const { config } = egg
  const unknown = (keys: Egg['unknown']) => Object.fromEntries(keys.map(({ key, json }) => [key, JSON.parse(json)]))
  return {
    ...unknown(egg.unknown),
    _comment: egg.comment,
    meta: { version: egg.origin?.format, update_url: egg.updateUrl },
    exported_at: egg.exportedAt,
    name: egg.name,
    author: egg.author,
    uuid: egg.uuid,
    description: egg.description,
    icon: egg.icon,
    tags: egg.tags,
    features: egg.features,
    docker_images: asMap(egg.images),
    file_denylist: egg.fileDenylist,
    ...(panel === 'pelican'
      ? { startup_commands: asMap(egg.startupCommands) }
      : { startup: egg.startupCommands[0]?.value }),
    config: {
      ...unknown(config.unknown),
      files: treeToValue(filesTree(config.files)),
      startup: {
        done: config.done,
        ...(config.stripAnsi && { strip_ansi: true }),
        ...unknown(config.startupUnknown),
      },
      logs: config.logs === null ? null : JSON.parse(config.logs),
      stop: config.stop,
    },
    scripts: { installation: egg.install },
    variables: egg.variables.map((variable) => ({
      ...unknown(variable.unknown),
      name: variable.name,
      description: variable.description,
      env_variable: variable.envVariable,
      default_value: variable.defaultValue,
      user_viewable: variable.userViewable,
      user_editable: variable.userEditable,
      rules: variable.rules,
      sort: variable.sort,
    })),
  }
}

const decoded = (value: unknown): unknown => (typeof value === 'string' && value !== '' ? JSON.parse(value) : value)

/** What the importer made, with the texts of `config` opened and the rules split, as both panels do when they save. */
function opened({ config, variables, ...rest }: Imported['parsed']): Values {
  const startup = decoded(config['startup'])
  const done = isMap(startup) ? startup['done'] : undefined
  return {
    ...rest,
    config: {
      ...config,
      files: decoded(config['files']),
      logs: decoded(config['logs']),
      startup: isMap(startup) && typeof done === 'string' ? { ...startup, done: [done] } : startup,
    },
    variables: variables.map(({ rules, ...variable }) => ({
      ...variable,
      rules: typeof rules === 'string' ? rules.split('|') : rules,
    })),
  }
}

/** PHP prints an empty map as an empty list. */
function asPhpPrints(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asPhpPrints)
  if (!isMap(value)) return value
  const entries = Object.entries(value).map(([key, item]) => [key, asPhpPrints(item)] as const)
  return entries.length === 0 ? [] : Object.fromEntries(entries)
}

interface Found {
  readonly key: string
  readonly ours: unknown
  readonly theirs: unknown
}

function differences(ours: unknown, theirs: unknown, key = ''): Found[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return []
  if (Array.isArray(ours) && Array.isArray(theirs) && ours.length === theirs.length && key === 'variables') {
    return ours.flatMap((item, index) => differences(item, theirs[index], key))
  }
  // An empty list may be an empty map.
  if (isMap(ours) && Array.isArray(theirs) && theirs.length === 0) return differences(ours, {}, key)
  if (isMap(theirs) && Array.isArray(ours) && ours.length === 0) return differences({}, theirs, key)
  if (!isMap(ours) || !isMap(theirs)) return [{ key, ours, theirs }]
  const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
  return keys.flatMap((name) => differences(ours[name], theirs[name], key === '' ? name : `${key}.${name}`))
}

describe.skipIf(!hasCorpus)('recorded imports', { timeout: 60_000 }, () => {
  test.each<Panel>(['pterodactyl', 'pelican'])(
    '%s: the egg is the same but for the listed differences',
    async (panel) => {
      const used = new Set<string>()
      const compared = { eggs: 0, refused: 0 }
      for (const { id, ok, parsed } of readOracleLines<Imported>(`${panel}-import.jsonl.gz`)) {
        const { egg, format } = await parseEgg(readCorpusFile(id), { fileName: id })
        if (!ok) {
          // Pterodactyl refuses the formats of Pelican, both what is malformed.
          expect([id, egg === null || (panel === 'pterodactyl' && format?.startsWith('PLCN'))]).toEqual([id, true])
          compared.refused++
          continue
        }
        if (!egg) throw new Error(`${id} was not read`)
        const ours = inPanelWords(panel === 'pelican' ? asPelicanImports(egg) : egg, panel)
        for (const found of differences(asPhpPrints(ours), asPhpPrints(opened(parsed)))) {
          const row = DIFFERENCES.find(
            ({ panels, allows }) => panels.includes(panel) && allows(found.key, found.ours, found.theirs),
          )
          expect([id, found, row?.where]).toEqual([id, found, expect.any(String)])
          used.add(row?.where ?? '')
        }
        compared.eggs++
      }
      expect(compared).toEqual({ pterodactyl: { eggs: 1016, refused: 91 }, pelican: { eggs: 1105, refused: 2 } }[panel])
      const unused = DIFFERENCES.filter(({ panels, where }) => panels.includes(panel) && !used.has(where))
      expect(unused.map(({ where }) => where)).toEqual([])
    },
  )

  test('every file has the format that it says', async () => {
    for (const { path, valid, version } of corpusRows()) {
      const { format, egg, diagnostics } = await parseEgg(readCorpusFile(path), { fileName: path })
      expect([path, format]).toEqual([path, valid ? version : null])
      if (valid) continue
      expect(egg).toBeNull()
      const line = expect.stringMatching(/line \d+/)
      expect(diagnostics).toEqual([{ code: 'EGG_SYNTAX', severity: 'error', pointer: '', message: line }])
    }
  })
})

test('the docs list these differences', () => {
  const page = readFileSync(new URL('../../docs/eggs/differences.md', import.meta.url), 'utf8')
  // The formatter lines the columns up.
  expect(page.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---')).toContain(differencesTable())
})
