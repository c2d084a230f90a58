import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { corpusRows, hasCorpus, readCorpusFile } from '../corpus.test-data.ts'
import type { Egg } from '../model.ts'
import { parseEgg } from '../parse.ts'
import { hatcheryForm } from './egg-arbitrary.test-data.ts'
import { exportEgg, type ExportEggOptions, type ExportFormat } from './export-egg.ts'

const TARGETS: readonly (readonly [ExportFormat, ExportEggOptions])[] = [
  ['PTDL_v2', { dialect: 'pterodactyl' }],
  ['PTDL_v2', { dialect: 'pelican' }],
  ['PLCN_v3', { encoding: 'json' }],
  ['PLCN_v3', { encoding: 'yaml' }],
  ['calagopus', { encoding: 'json' }],
  ['calagopus', { encoding: 'yaml' }],
  ['hatchery', { encoding: 'json' }],
  ['hatchery', { encoding: 'yaml' }],
]

/** PHP and YAML write an empty map like an empty list. */
function withOneEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Object.keys(value).length === 0) return []
  if (Array.isArray(value)) return value.map(withOneEmpty)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'json' && typeof item === 'string' ? JSON.stringify(withOneEmpty(JSON.parse(item))) : withOneEmpty(item),
    ]),
  )
}

/** Without how it was written, and with what a missing key means. */
function meaningOf(egg: Egg): unknown {
  const { origin: _origin, ...rest } = egg
  const { source: _source, logs, ...config } = egg.config
  return withOneEmpty(
    structuredClone({
      ...rest,
      forceOutgoingIp: egg.forceOutgoingIp ?? false,
      separatePort: egg.separatePort ?? false,
      config: {
        ...config,
        logs: logs === '{}' || logs === '[]' ? null : logs,
        files: config.files.map((file) => ({
          ...file,
          replace: file.replace.map((entry) => ({
            ...entry,
            insertNew: entry.insertNew ?? file.parser !== 'file',
            updateExisting: entry.updateExisting ?? true,
          })),
        })),
      },
      variables: egg.variables.map((variable) => ({
        ...variable,
        secret: variable.secret ?? false,
        nameTranslations: variable.nameTranslations ?? [],
        descriptionTranslations: variable.descriptionTranslations ?? [],
      })),
    }),
  )
}

/** Pointers into `before` at which `after` is another egg, beside those that are noted. */
function unnoted(before: unknown, after: unknown, noted: ReadonlySet<string>, pointer = ''): string[] {
  if (noted.has(pointer) || JSON.stringify(before) === JSON.stringify(after)) return []
  if (Array.isArray(before) && Array.isArray(after)) {
    // An item that is noted as a whole may be gone.
    const kept = before.map((item: unknown, index) => ({ item, at: `${pointer}/${index}` }))
    const rest = kept.length > after.length ? kept.filter(({ at }) => !noted.has(at)) : kept
    if (
      rest.length < after.length &&
      after.length < kept.length &&
      isWithin(
        rest.map(({ item }) => item),
        after,
      )
    )
      return []
    if (rest.length !== after.length) return [`${pointer} has ${after.length} of ${rest.length} items`]
    return rest.flatMap(({ item, at }, index) => unnoted(item, after[index], noted, at))
  }
  if (
    typeof before !== 'object' ||
    typeof after !== 'object' ||
    before === null ||
    after === null ||
    Array.isArray(before)
  ) {
    return [`${pointer}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`]
  }
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>]
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])]
  return keys.flatMap((key) => unnoted(old[key], now[key], noted, `${pointer}/${key}`))
}

/** Whether these stand in the list in this order, between others. */
function isWithin(items: readonly unknown[], list: readonly unknown[]): boolean {
  let found = 0
  for (const item of list) if (JSON.stringify(item) === JSON.stringify(items[found])) found++
  return found === items.length
}

async function checkTargets(egg: Egg, targets = TARGETS): Promise<void> {
  for (const [format, options] of targets) {
    const { text, losses, changes } = await exportEgg(egg, format, options)
    const again = await parseEgg(text, { fileName: `egg.${options.encoding ?? 'json'}` })
    expect(again.format).toBe(format)
    if (!again.egg) throw new Error(JSON.stringify(again.diagnostics))
    const noted = new Set([...losses, ...changes].map(({ pointer }) => pointer))
    if (format === 'hatchery') expect(again.egg).toStrictEqual(egg)
    expect([format, options, unnoted(meaningOf(egg), meaningOf(again.egg), noted)]).toEqual([format, options, []])
  }
}

const EMPTY_CONFIG = { files: [], done: [], stripAnsi: false, stop: '^C', stopType: null, logs: null }

describe('an export says what it leaves out', () => {
  test('for any egg', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(hatcheryForm, async (form) => {
        const { egg } = await parseEgg(form)
        if (!egg) throw new Error('the form was not read')
        await checkTargets(egg)
      }),
      { numRuns: 200 },
    )
  })

  // Each was found by the property, once in thousands of trials.
  test.for([
    ['an install part without anything in it', { install: { script: '', container: '', entrypoint: '' } }],
    ['a text that begins with a row of spaces', { description: ' \n}' }],
    [
      'a minus zero',
      {
        config: {
          ...EMPTY_CONFIG,
          files: [
            { path: 'a', parser: 'json', createFile: true, replace: [{ match: 'b', ifValue: null, value: { c: -0 } }] },
          ],
        },
      },
    ],
  ] as const)('for %s', async ([, part]) => {
    const { egg } = await parseEgg({
      ...{ hatchery: 1, name: 'a', images: [], startupCommands: [], variables: [], config: EMPTY_CONFIG },
      ...part,
    })
    if (!egg) throw new Error('the form was not read')
    await checkTargets(egg)
  })

  test.skipIf(!hasCorpus)('for every published egg', { timeout: 120_000 }, async () => {
    const inJson = TARGETS.filter(([, { encoding }]) => encoding !== 'yaml')
    for (const [index, { path, valid }] of corpusRows().entries()) {
      if (!valid) continue
      const { egg } = await parseEgg(readCorpusFile(path), { fileName: path })
      if (!egg) throw new Error(`${path} was not read`)
      // Reading YAML takes most of the time.
      await checkTargets(egg, index % 10 === 0 ? TARGETS : inJson)
    }
  })
})
