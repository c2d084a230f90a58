import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fixture } from '../corpus.test-data.ts'
import { diffEggs } from '../diff/diff-eggs.ts'
import { fixEgg } from '../lint/fix-egg.ts'
import { lintEgg } from '../lint/lint-egg.ts'
import type { Egg } from '../model.ts'
import { parseEgg } from '../parse.ts'
import { exportEgg, type ExportEggOptions, type ExportFormat } from './export-egg.ts'

const TARGETS: readonly (readonly [ExportFormat, ExportEggOptions])[] = [
  ['PTDL_v2', {}],
  ['PTDL_v2', { dialect: 'pterodactyl' }],
  ['PLCN_v3', { encoding: 'json' }],
  ['PLCN_v3', { encoding: 'yaml' }],
  ['calagopus', { encoding: 'json' }],
  ['calagopus', { encoding: 'yaml' }],
  ['hatchery', { encoding: 'json' }],
  ['hatchery', { encoding: 'yaml' }],
]

/** Whatever was read can be written, compared, looked over and mended; and what was written is an egg of its format. */
async function useEverywhere(input: Parameters<typeof parseEgg>[0], fileName = 'egg.json'): Promise<Egg | null> {
  const { egg } = await parseEgg(input, { fileName })
  if (!egg) return null
  for (const [format, options] of TARGETS) {
    const { text } = await exportEgg(egg, format, options)
    const again = await parseEgg(text, { fileName: `egg.${options.encoding ?? 'json'}` })
    const codes = again.diagnostics.map(({ code }) => code)
    if (codes.includes('EGG_TOO_LARGE') || codes.includes('EGG_TOO_DEEP')) continue
    expect([format, again.format, again.egg === null]).toEqual([format, format, false])
  }
  expect(diffEggs(egg, egg)).toEqual([])
  fixEgg(egg, lintEgg(egg))
  expect(Object.keys(Object.prototype)).toEqual([])
  return egg
}

describe('hostile eggs', { timeout: 120_000 }, () => {
  test('any JSON value in any part', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const text = JSON.stringify(value)
        const part = { name: 'x', config: value, variables: [value], scripts: value, docker_images: value }
        await useEverywhere({ meta: { version: 'PTDL_v2' }, ...part, startup: value })
        const embedded = { files: text, startup: text, logs: text, stop: value }
        await useEverywhere({
          meta: { version: 'PLCN_v3', update_url: value },
          name: 'x',
          config: embedded,
          icon: value,
        })
        const rules = { env_variable: 'A', rules: value, default_value: value, sort: value, name: value, zoo: value }
        await useEverywhere({ meta: { version: 'PLCN_v3' }, name: 'x', config: { files: value }, variables: [rules] })
        await useEverywhere({ name: 'x', config: { stop: {}, files: value, startup: value }, variables: [rules] })
        const stored = { format: 'PLCN_v3', keys: [value], spelled: [value] }
        await useEverywhere({
          hatchery: 1,
          name: 'x',
          config: value,
          variables: [value],
          unknown: [value],
          origin: stored,
        })
      }),
      { numRuns: 60 },
    )
  })

  test('mutilated files', async () => {
    const names = ['proxy-plcn-v1.json', 'arena-plcn-v3.yaml', 'quarry-calagopus.json', 'openttd-ptdl-v2-pelican.json']
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(fc.tuple(fc.nat(6000), fc.nat(20), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 2 }),
        async (name, cuts) => {
          let text = fixture(name)
          for (const [at, length, inserted] of cuts) {
            const start = at % (text.length + 1)
            text = text.slice(0, start) + inserted + text.slice(start + length)
          }
          await useEverywhere(text, name)
        },
      ),
      { numRuns: 150 },
    )
  })

  test.each([
    [
      'keys of prototypes',
      '{"meta":{"version":"PTDL_v2","__proto__":1},"name":"x","__proto__":{"a":1},"docker_images":{"__proto__":"i","constructor":"j"},"config":{"__proto__":1,"files":{"__proto__":{"parser":"json","__proto__":1,"find":{"__proto__":{"__proto__":"b"}}}}},"variables":[{"env_variable":"__proto__","__proto__":1}]}',
    ],
    [
      'huge numbers',
      '{"meta":{"version":"PLCN_v3"},"name":"x","config":{"files":{"a":{"parser":"json","find":{"a":123456789012345678901234567890,"b":1e400,"c":-0}}}},"variables":[{"env_variable":"A","default_value":123456789012345678901234567890,"sort":1e30}]}',
    ],
    [
      'lone surrogates',
      '{"meta":{"version":"PLCN_v3"},"name":"\\ud800","description":"a\\udfff\\nb","docker_images":{"\\ud800":"\\udc00"},"startup_commands":{"a":"\\ud83d\\ude00"},"config":{"stop":"\\ud800"}}',
    ],
    [
      'deep values',
      `{"meta":{"version":"PLCN_v3"},"name":"x","zoo":${'['.repeat(60)}${']'.repeat(60)},"config":{"files":{"a":{"parser":"json","find":{"a":{"b":${'{"c":'.repeat(55)}1${'}'.repeat(55)}}}}}}}`,
    ],
  ])('%s', async (_, text) => {
    expect(await useEverywhere(text)).not.toBeNull()
  })

  test('deep JSON inside of a text is refused, and the egg is not', async () => {
    const files = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
    const egg = await useEverywhere({ meta: { version: 'PTDL_v2' }, name: 'x', config: { files, logs: files } })
    expect(egg?.config.files).toEqual([])
  })

  test('a megabyte of each part', async () => {
    const many = (count: number, item: (index: number) => unknown) => Array.from({ length: count }, (_, n) => item(n))
    const base = { meta: { version: 'PLCN_v3' }, name: 'x' }
    const labels = Object.fromEntries(many(20_000, (n) => [`l${n}`, 'a/b:1']) as [string, string][])
    await exportAll({ ...base, docker_images: labels, startup_commands: labels })
    await exportAll({ ...base, variables: many(10_000, () => ({ env_variable: 'HOSTNAME', rules: ['string', ''] })) })
    const find = Object.fromEntries(
      many(10_000, (n) => [`k${n}`, '{{server.build.env.HOSTNAME}}']) as [string, string][],
    )
    await exportAll({ ...base, config: { files: { a: { parser: 'file', find } } } })
    await exportAll({ ...base, scripts: { installation: { script: 'curl http://'.repeat(70_000) } } })
    await exportAll({
      ...base,
      config: { startup: { done: `regex:${'(a*)*'.repeat(200)}` }, stop: '^'.repeat(500_000) },
    })
    const cased = many(6_000, (n) => ({ env_variable: caseOf('p_server_allocation_limit', n), rules: ['string'] }))
    await exportAll({ ...base, variables: cased, config: { files: { a: { parser: 'file', find: { ...find } } } } })
    await exportAll({ ...base, variables: [{ env_variable: 'A', rules: many(50_000, (n) => `in:${n}`) }] })
    await exportAll({ hatchery: 1, name: 'x', images: many(20_000, () => ({ label: 'a', value: 'b' })) })
    const keys = [{ pointer: '/docker_images', keys: ['zoo'] }]
    const images = many(15_000, (n) => ({ label: `l${n}`, value: 'b' }))
    await exportAll({ hatchery: 1, name: 'x', images, origin: { format: 'PLCN_v3', encoding: 'json', keys } })
  })
})

/** One of the ways to write a name in upper and lower case. */
const caseOf = (name: string, bits: number): string =>
  Array.from(name, (char, at) => ((bits >> at) & 1 ? char.toUpperCase() : char)).join('')

async function exportAll(input: object): Promise<void> {
  const { egg } = await parseEgg(JSON.stringify(input))
  if (!egg) throw new Error('the egg was not read')
  for (const [format, options] of TARGETS) await exportEgg(egg, format, options)
  diffEggs(egg, {
    ...egg,
    images: egg.images.toReversed(),
    variables: egg.variables.map((item) => ({ ...item, rules: item.rules.toReversed() })).toReversed(),
  })
  lintEgg(egg)
}
