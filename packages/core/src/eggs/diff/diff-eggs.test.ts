import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { corpusRows, fixture, hasCorpus, readCorpusFile } from '../corpus.test-data.ts'
import { hatcheryForm } from '../export/egg-arbitrary.test-data.ts'
import { exportEgg } from '../export/export-egg.ts'
import type { Egg, EggVariable } from '../model.ts'
import { parseEgg } from '../parse.ts'
import { diffEggs } from './diff-eggs.ts'

async function eggOf(name: string): Promise<Egg> {
  const { egg } = await parseEgg(fixture(name), { fileName: name })
  if (!egg) throw new Error('the egg was not read')
  return egg
}

const arena = () => eggOf('arena-plcn-v3.yaml')
const withVariables = (egg: Egg, ...variables: Partial<EggVariable>[]): Egg => ({
  ...egg,
  variables: variables.map((variable) => ({
    name: 'Slots',
    description: '',
    envVariable: 'SLOTS',
    defaultValue: '8',
    userViewable: true,
    userEditable: true,
    rules: ['required', 'integer'],
    sort: null,
    unknown: [],
    ...variable,
  })),
})
const shortly = (before: Egg, after: Egg) =>
  diffEggs(before, after).map(({ kind, pointer, effect }) => `${kind} ${pointer} ${effect}`)

interface Place {
  readonly parent: Record<string, unknown>
  readonly key: string
  readonly pointer: string
}

/** Every text, number and answer of an egg, each at its place. */
function leavesOf(value: unknown, pointer = ''): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const parent = value as Record<string, unknown>
  return Object.keys(parent).flatMap((key) => {
    const here = `${pointer}/${key}`
    return typeof parent[key] === 'object' && parent[key] !== null
      ? leavesOf(parent[key], here)
      : [{ parent, key, pointer: here }]
  })
}

const otherThan = (value: unknown): unknown =>
  typeof value === 'string'
    ? `${value}x`
    : typeof value === 'number'
      ? value / 2 + 1.25
      : value === true
        ? false
        : value === false
          ? true
          : 'x'

describe('diffEggs', () => {
  test('finds nothing between an egg and itself', async () => {
    const egg = await arena()
    expect(diffEggs(egg, egg)).toEqual([])
  })

  test('names what changes and what that means for a server', async () => {
    const before = await arena()
    const after: Egg = {
      ...before,
      images: [{ label: 'Default', value: 'hatchery/steam:2' }],
      fileDenylist: ['*.pak'],
      features: [],
      config: { ...before.config, stop: 'quit', done: ['Ready'] },
      install: null,
    }
    expect(diffEggs(before, after)).toEqual([
      {
        kind: 'changed',
        area: 'images',
        subject: 'Default',
        pointer: '/images/0/value',
        before: 'hatchery/steam:1',
        after: 'hatchery/steam:2',
        message: 'The image “Default” is now “hatchery/steam:2”.',
        effect: 'next-start',
      },
      expect.objectContaining({ area: 'ready', before: ['Arena is up', 'Ready'], after: ['Ready'] }),
      expect.objectContaining({
        area: 'stop',
        before: '^c',
        after: 'quit',
        message: 'The server is stopped by typing quit.',
      }),
      expect.objectContaining({ area: 'install', kind: 'removed', effect: 'reinstall' }),
      expect.objectContaining({ area: 'features', effect: 'next-start' }),
      expect.objectContaining({ area: 'file-denylist', effect: 'at-once', after: ['*.pak'] }),
    ])
  })

  test('tells another way of writing the same stop from another stop', async () => {
    const egg = await arena()
    const written = (stop: string): Egg => ({ ...egg, config: { ...egg.config, stop } })
    expect(shortly(written('^c'), written('^C'))).toEqual(['changed /config/stop none'])
    expect(shortly(written('^c'), written('^^C'))).toEqual(['changed /config/stop next-start'])
  })

  test('the same egg from another panel changes nothing for a server', async () => {
    const find = { a: '{{server.build.env.MAP}}:{{server.build.default.port}}', b: true }
    const { egg: before } = await parseEgg({
      meta: { version: 'PTDL_v2' },
      name: 'Twin',
      startup: 'run',
      docker_images: { a: 'b:1' },
      config: { files: { 'a.yml': { parser: 'yml', find } }, startup: { done: 'up' }, stop: '^C' },
      scripts: { installation: { script: 'a\r\nb', container: 'c:1', entrypoint: 'bash' } },
      variables: [{ name: 'Map', env_variable: 'MAP', default_value: '5', rules: 'required|string' }],
    })
    if (!before?.install) throw new Error('the egg was not read')
    const pelican = await parseEgg((await exportEgg(before, 'PLCN_v3', { encoding: 'yaml' })).text)
    if (!pelican.egg) throw new Error('the export was not read')
    const after: Egg = {
      ...pelican.egg,
      install: { ...before.install, script: 'a\nb' },
      config: { ...pelican.egg.config, files: pelican.egg.config.files.map((file) => ({ ...file, parser: 'yaml' })) },
    }
    expect(diffEggs(before, after).map(({ pointer, effect }) => `${pointer} ${effect}`)).toEqual([
      '/config/files/0/parser none',
      '/config/files/0/replace/0/value none',
      '/install/script none',
    ])
  })

  test('images: a new label is no new image, and the order tells the default', async () => {
    const egg = await arena()
    const images = (...pairs: [string, string][]): Egg => ({
      ...egg,
      images: pairs.map(([label, value]) => ({ label, value })),
    })
    expect(shortly(images(['a', 'x:1']), images(['b', 'x:1']))).toEqual(['renamed /images/0/label at-once'])
    expect(shortly(images(['a', 'x:1'], ['b', 'y:1']), images(['b', 'y:1'], ['a', 'x:1']))).toEqual([
      'moved /images none',
    ])
    expect(shortly(images(['a', 'x:1']), images(['b', 'y:1'], ['a', 'x:1']))).toEqual([
      'added /images/0 at-once',
      'moved /images none',
    ])
    expect(shortly(images(['a', 'x:1'], ['b', 'y:1']), images(['a', 'x:1']))).toEqual(['removed /images/1 at-once'])
  })

  test('variables: what a server must do', async () => {
    const egg = await arena()
    const one = withVariables(egg, {})
    expect(shortly(one, withVariables(egg, {}, { envVariable: 'MAP', name: 'Map', defaultValue: '' }))).toEqual([
      'added /variables/1 value-needed',
    ])
    expect(shortly(one, withVariables(egg, {}, { envVariable: 'MAP', name: 'Map', defaultValue: '1' }))).toEqual([
      'added /variables/1 next-start',
    ])
    expect(shortly(one, withVariables(egg))).toEqual(['removed /variables/0 values-unused'])
    expect(shortly(one, withVariables(egg, { envVariable: 'MAX_SLOTS' }))).toEqual([
      'renamed /variables/0/envVariable values-unused',
    ])
    const rules = (...list: string[]) => withVariables(egg, { rules: list })
    expect(shortly(one, rules('required', 'integer', 'max:16'))).toEqual(['changed /variables/0/rules values-may-fail'])
    expect(shortly(one, rules('required', 'integer', 'max:4'))).toEqual(['changed /variables/0/rules value-needed'])
    expect(shortly(one, rules('integer'))).toEqual(['changed /variables/0/rules none'])
    expect(shortly(one, rules('required'))).toEqual(['changed /variables/0/rules values-may-fail'])
  })

  test('configuration files: each replacement by its match', async () => {
    const before = await eggOf('proxy-plcn-v1.json')
    const [file, ...others] = before.config.files
    if (!file) throw new Error('the fixture has files')
    const [first, second, ...rest] = file.replace
    if (!first || !second) throw new Error('the fixture has replacements')
    const files = (replace: typeof file.replace): Egg => ({
      ...before,
      config: { ...before.config, files: [{ ...file, replace }, ...others] },
    })
    expect(shortly(before, files([{ ...first, value: 1 }, second, ...rest]))).toEqual([
      'changed /config/files/0/replace/0/value next-start',
    ])
    expect(shortly(before, files([first, ...rest]))).toEqual(['removed /config/files/0/replace/1 next-start'])
    expect(shortly(before, files([second, first, ...rest]))).toEqual(['moved /config/files/0/replace next-start'])
  })

  test('an egg made of the same parts in any arrangement has changes exactly where it differs', async () => {
    const eggs = await Promise.all(
      ['arena-plcn-v3.yaml', 'quarry-calagopus.json', 'proxy-plcn-v1.json', 'teeworlds-ptdl-v2.json'].map(eggOf),
    )
    const [first] = eggs
    if (!first) throw new Error('there are fixtures')
    const keys = Object.keys(first) as (keyof Egg)[]
    const mixed = fc
      .array(fc.constantFrom(...eggs), { minLength: keys.length, maxLength: keys.length })
      .map((parts) => Object.fromEntries(keys.map((key, index) => [key, parts[index]?.[key]])) as unknown as Egg)
    fc.assert(
      fc.property(mixed, mixed, (before, after) => {
        const changes = diffEggs(before, after)
        expect(changes).toEqual(diffEggs(structuredClone(before), structuredClone(after)))
        expect(diffEggs(before, before)).toEqual([])
        const isEqual = keys.every((key) => JSON.stringify(before[key]) === JSON.stringify(after[key]))
        if (isEqual) expect(changes).toEqual([])
        for (const key of ['name', 'images', 'variables', 'install', 'features'] as const) {
          const differs = JSON.stringify(before[key]) !== JSON.stringify(after[key])
          expect([key, changes.some(({ pointer }) => pointer.startsWith(`/${key}`))]).toEqual([key, differs])
        }
        for (const change of changes) {
          expect(change.message).toMatch(/[.]$/)
          expect(JSON.stringify(change.before)).not.toBe(JSON.stringify(change.after))
        }
      }),
    )
  })

  test('no change of a value is passed over', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(hatcheryForm, fc.nat(), async (form, pick) => {
        const { egg } = await parseEgg(form)
        if (!egg) throw new Error('the form was not read')
        const { origin: _origin, ...before } = { ...egg, config: { ...egg.config, source: {} } }
        const after = structuredClone(before)
        const places = leavesOf(after)
        const place = places[pick % places.length]
        if (!place) return
        place.parent[place.key] = otherThan(place.parent[place.key])
        const changes = diffEggs(before, after)
        expect([place.pointer, changes.length > 0]).toEqual([place.pointer, true])
        expect(changes.every(({ pointer }) => pointer.startsWith('/'))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test.skipIf(!hasCorpus)(
    'every published egg is the same as itself, and differs from its neighbour',
    { timeout: 60_000 },
    async () => {
      let last: Egg | undefined
      for (const { path, valid } of corpusRows()) {
        if (!valid) continue
        const { egg } = await parseEgg(readCorpusFile(path), { fileName: path })
        if (!egg) throw new Error(`${path} was not read`)
        expect([path, diffEggs(egg, structuredClone(egg))]).toEqual([path, []])
        if (last) expect([path, diffEggs(last, egg).length > 0]).toEqual([path, true])
        last = egg
      }
    },
  )
})
