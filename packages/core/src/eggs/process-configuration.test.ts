import { describe, expect, test } from 'vitest'
import { configFilesOf } from './config-files.ts'
import { fixture, hasCorpus, labServer, readCorpusFile, readOracleLines } from './corpus.test-data.ts'
import type { Egg } from './model.ts'
import { parseEgg } from './parse.ts'
import { processConfiguration } from './process-configuration.ts'

interface Answer {
  readonly id: string
  readonly ok: boolean
  readonly process: unknown
}

/** PHP prints an empty map as an empty list. */
function asPhpPrints(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asPhpPrints)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return entries.length === 0 ? [] : Object.fromEntries(entries.map(([key, item]) => [key, asPhpPrints(item)]))
}

async function eggOf(name: string): Promise<Egg> {
  const { egg } = await parseEgg(fixture(name), { fileName: name })
  if (!egg) throw new Error('the egg was not read')
  return egg
}

const withFind = async (find: object, variables: object[] = [], parser = 'json'): Promise<Egg> => {
  const config = { files: { 'a.json': { parser, find } } }
  const { egg } = await parseEgg({ meta: { version: 'PTDL_v2' }, name: 'x', startup: 'run', config, variables })
  if (!egg) throw new Error('the egg was not read')
  return egg
}

const variable = (env_variable: string, default_value: string) => ({ name: env_variable, env_variable, default_value })

describe.skipIf(!hasCorpus).each(['pterodactyl', 'pelican'] as const)('recorded answers of %s', (panel) => {
  test('every answer is the same', { timeout: 60_000 }, async () => {
    const answers = readOracleLines<Answer>(`process-${panel}.jsonl.gz`)
    for (const { id, ok, process } of answers) {
      // One egg makes Pterodactyl throw a TypeError: its files are an empty list.
      if (!ok) continue
      const { egg } = await parseEgg(readCorpusFile(id), { fileName: id })
      if (!egg) throw new Error(`${id} was not read`)
      const server = { ...labServer, image: egg.images[0]?.value ?? '' }
      expect([id, asPhpPrints(processConfiguration(egg, server, { panel }))]).toEqual([id, asPhpPrints(process)])
    }
    expect(answers.length).toBeGreaterThan(1000)
  })
})

describe('Hatchery resolves', () => {
  const valuesOf = (egg: Egg, variables: Record<string, string> = {}) =>
    configFilesOf(egg, { ...labServer, variables }).flatMap(({ replace }) => replace.map(({ value }) => value))

  test('the names of every panel to the same values', async () => {
    const names = [
      'server.build.default.port',
      'server.build.env.SERVER_PORT',
      'server.allocations.default.port',
      'server.environment.SERVER_PORT',
      'env.SERVER_PORT',
    ]
    const find = Object.fromEntries(names.map((name, index) => [`k${index}`, `:{{${name}}}`]))
    expect(valuesOf(await withFind(find))).toEqual(names.map(() => ':25565'))
  })

  test('memory, address and variables, in any case', async () => {
    const find = {
      a: '{{server.build.memory}}/{{server.build.memory_limit}}',
      b: '{{server.build.default.ip}}',
      c: '{{env.Map}}{{env.MAP}}',
    }
    expect(valuesOf(await withFind(find, [variable('Map', 'de')]), { Map: 'cs' })).toEqual([
      '4096/4096',
      '192.0.2.10',
      'cscs',
    ])
  })

  test('an unknown name to an empty text, and leaves what is no placeholder', async () => {
    const find = {
      a: 'x{{server.build.env.NOPE}}y',
      b: '{{QUERY_PORT}}',
      c: '{{ server.build.memory }}',
      d: '{{config.docker.interface}}',
    }
    expect(valuesOf(await withFind(find))).toEqual([
      'xy',
      '{{QUERY_PORT}}',
      '{{ server.build.memory }}',
      '{{config.docker.interface}}',
    ])
  })

  test('once: a value that looks like a placeholder is only text', async () => {
    expect(valuesOf(await withFind({ a: '{{env.A}}' }, [variable('A', '{{env.B}}'), variable('B', 'secret')]))).toEqual(
      ['{{env.B}}'],
    )
  })

  test('nothing that the server does not have', async () => {
    const find = { a: '{{env.constructor}}{{server.__proto__}}{{env.__proto__}}{{server.build.toString}}' }
    expect(valuesOf(await withFind(find))).toEqual([''])
  })

  test('variables in the name of a file, once', async () => {
    const config = { files: { '${A}/{{B}}/{{env.B}}/{{nope}}.json': { parser: 'json', find: {} } } }
    const variables = [variable('A', '{{B}}'), variable('B', 'b')]
    const { egg } = await parseEgg({ meta: { version: 'PLCN_v3' }, name: 'x', config, variables })
    expect(egg && configFilesOf(egg, labServer)[0]?.path).toBe('{{B}}/b/b/{{nope}}.json')
  })

  test('booleans and numbers keep their type, conditions become entries, yml is yaml', async () => {
    const [yaml, properties] = configFilesOf(await eggOf('proxy-plcn-v1.json'), labServer)
    expect(yaml).toMatchObject({ path: 'config.yml', parser: 'yaml', createFile: true })
    expect(yaml?.replace.map(({ value }) => value)).toEqual([
      '25565',
      '0.0.0.0:25565',
      true,
      '{{config.docker.interface}}$2',
    ])
    expect(properties).toMatchObject({
      createFile: false,
      replace: [{ match: 'server-ip', ifValue: '127.0.0.1', value: '0.0.0.0' }],
    })
    expect(configFilesOf(await withFind({}, [], 'yml'), labServer)[0]?.parser).toBe('yaml')
    expect(configFilesOf(await withFind({}, [], 'nonsense'), labServer)).toEqual([])
  })
})
