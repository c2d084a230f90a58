import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { corpusRows, fixture, hasCorpus, readCorpusFile } from './corpus.test-data.ts'
import type { Egg } from './model.ts'
import { parseEgg, type ParsedEgg } from './parse.ts'

const read = (name: string): Promise<ParsedEgg> => parseEgg(fixture(name), { fileName: name })
const errorsOf = ({ diagnostics }: ParsedEgg) => diagnostics.filter(({ severity }) => severity === 'error')

function eggOf(parsed: ParsedEgg): Egg {
  expect(errorsOf(parsed)).toEqual([])
  if (!parsed.egg) throw new Error('the egg was not read')
  return parsed.egg
}

const small = (more: object) =>
  parseEgg({
    meta: { version: 'PTDL_v2' },
    name: 'Small',
    startup: 'run',
    docker_images: { a: 'b' },
    config: {},
    ...more,
  })

describe('formats', () => {
  test.each([
    ['minetest-ptdl-v1.json', 'PTDL_v1', 2],
    ['echo-ptdl-v1-image.json', 'PTDL_v1', 0],
    ['teeworlds-ptdl-v2.json', 'PTDL_v2', 3],
    ['openttd-ptdl-v2-pelican.json', 'PTDL_v2', 2],
    ['proxy-plcn-v1.json', 'PLCN_v1', 1],
    ['chat-plcn-v2.json', 'PLCN_v2', 1],
    ['chat-plcn-v2.yaml', 'PLCN_v2', 2],
    ['arena-plcn-v3.json', 'PLCN_v3', 2],
    ['arena-plcn-v3.yaml', 'PLCN_v3', 1],
    ['quarry-calagopus.json', 'calagopus', 1],
  ])('%s is read as %s', async (name, format, variables) => {
    const parsed = await read(name)
    expect(parsed.format).toBe(format)
    expect(eggOf(parsed).variables).toHaveLength(variables)
    expect(parsed.diagnostics).toEqual([])
  })

  test.each(['broken-comma.json', 'broken-quote.yaml'])('%s gives an error with its line', async (name) => {
    const parsed = await read(name)
    expect(parsed.egg).toBeNull()
    expect(errorsOf(parsed)).toEqual([
      expect.objectContaining({ code: 'EGG_SYNTAX', message: expect.stringMatching(/line \d/) }),
    ])
  })

  test.each(['proxy-plcn-v1.json', 'quarry-calagopus.json', 'teeworlds-ptdl-v2.json'])(
    '%s survives a database and its own format',
    async (name) => {
      const egg = eggOf(await read(name))
      expect(JSON.parse(JSON.stringify(egg))).toStrictEqual(egg)
      expect(eggOf(await parseEgg(JSON.stringify({ hatchery: 1, ...egg })))).toStrictEqual(egg)
    },
  )

  test('a file without a known version is not taken for an egg', async () => {
    expect(await parseEgg('{"meta": {"version": "PLCN_v9"}, "name": "x"}')).toMatchObject({
      egg: null,
      format: null,
      diagnostics: [{ code: 'EGG_FORMAT_UNKNOWN', severity: 'error', pointer: '/meta/version' }],
    })
  })
})

describe('traps', () => {
  test('image is a Docker image in PTDL_v1 and an icon in PLCN_v3', async () => {
    const old = eggOf(await read('echo-ptdl-v1-image.json'))
    expect(old.images).toEqual([{ label: 'hatchery/echo:1', value: 'hatchery/echo:1' }])
    expect(old.icon).toBeNull()
    expect(eggOf(await read('arena-plcn-v3.yaml')).icon).toBe('data:image/webp;base64,UklGRg==')
  })

  test('the first image stays the first, even where labels look like numbers', async () => {
    const { images } = eggOf(await read('teeworlds-ptdl-v2.json'))
    expect(images.map(({ label }) => label)).toEqual(['Teeworlds 0.7', '10', '9'])
  })

  test('an empty map stands for an empty list, and an empty list for an empty map', async () => {
    const egg = eggOf(await read('chat-plcn-v2.yaml'))
    expect([egg.tags, egg.features, egg.fileDenylist, egg.variables[1]?.rules]).toEqual([[], [], [], []])
    expect(eggOf(await read('echo-ptdl-v1-image.json')).config.files).toEqual([])
  })

  test('defaults become text, find values keep their type', async () => {
    const yaml = eggOf(await read('chat-plcn-v2.yaml'))
    expect(yaml.variables.map(({ defaultValue }) => defaultValue)).toEqual(['2', 'true'])
    expect(yaml.config.files[0]?.replace.map(({ value }) => value)).toEqual(['{{server.environment.TOKEN}}', false, 2])
  })

  test('whole numbers beyond 2^53 keep every digit', async () => {
    expect(eggOf(await read('arena-plcn-v3.yaml')).variables[0]?.defaultValue).toBe('76561202255233023')
  })

  test('a trailing bar in the rules is kept as an empty token', async () => {
    expect(eggOf(await read('teeworlds-ptdl-v2.json')).variables[2]?.rules).toEqual([
      'nullable',
      'string',
      'max:32',
      '',
    ])
  })

  test('install scripts keep their line ends', async () => {
    expect(eggOf(await read('minetest-ptdl-v1.json')).install?.script).toContain('\r\n')
  })

  test('a map behind a match is kept as conditions, in order', async () => {
    const [yaml] = eggOf(await read('proxy-plcn-v1.json')).config.files
    expect(yaml?.replace.at(-1)).toEqual({
      match: 'servers.*.address',
      ifValue: 'regex:^(127\\.0\\.0\\.1|localhost)(:\\d{1,5})?$',
      value: '{{config.docker.interface}}$2',
    })
  })

  test('keys that nobody knows are kept', async () => {
    expect(eggOf(await small({ zoo: { '2': 1, '1': 12345678901234567890n } })).unknown).toEqual([
      { key: 'zoo', json: '{"1":12345678901234567890,"2":1}' },
    ])
    expect(eggOf(await parseEgg('{"meta":{"version":"PLCN_v3"},"name":"x","zoo":{"2":1,"1":0.5}}')).unknown).toEqual([
      { key: 'zoo', json: '{"2":1,"1":0.5}' },
    ])
  })

  test('an egg without meta is Calagopus’, also with the parts of Pterodactyl’s', async () => {
    const parsed = await parseEgg({
      name: 'Bare',
      startup: 'run',
      docker_images: { a: 'b:1' },
      config: { files: '{"a.json":{"parser":"json","find":{"a":"b"}}}', startup: '{"done":"up"}', stop: '^C' },
      scripts: { installation: { script: 'x', container: 'c:1', entrypoint: 'bash' } },
    })
    const egg = eggOf(parsed)
    expect([parsed.format, egg.config.done, egg.config.files[0]?.replace[0]?.value]).toEqual(['calagopus', ['up'], 'b'])
  })

  test('merge keys of YAML bring the keys of another map, unless they are given', async () => {
    const text = `meta: {version: PLCN_v3}
name: Merged
variables:
  - &first {name: A, env_variable: A, default_value: a, rules: [string], user_viewable: true}
  - <<: *first
    env_variable: B
  - {env_variable: C, <<: [{name: C}, *first]}
`
    const { egg, diagnostics } = await parseEgg(text, { fileName: 'egg.yaml' })
    expect(diagnostics.filter(({ code }) => code === 'EGG_KEY_DUPLICATE')).toEqual([])
    expect(
      egg?.variables.map(({ name, envVariable, defaultValue, userViewable }) => [
        name,
        envVariable,
        defaultValue,
        userViewable,
      ]),
    ).toEqual([
      ['A', 'A', 'a', true],
      ['A', 'B', 'a', true],
      ['C', 'C', 'a', true],
    ])
  })

  test('lists that PHP wrote as maps are lists', async () => {
    const { egg } = await small({
      variables: { '1': { env_variable: 'A', rules: { '2': 'string' } } },
      file_denylist: { '3': 'x' },
    })
    expect([egg?.variables.map(({ envVariable, rules }) => [envVariable, rules]), egg?.fileDenylist]).toEqual([
      [['A', ['string']]],
      ['x'],
    ])
  })

  test('a variable twice is reported', async () => {
    const variable = { name: 'A', env_variable: 'A', rules: 'string' }
    expect((await small({ variables: [variable, variable] })).diagnostics).toEqual([
      expect.objectContaining({ code: 'EGG_VARIABLE_DUPLICATE', pointer: '/variables/1/env_variable' }),
    ])
  })

  test('a key twice: the last one counts', async () => {
    const parsed = await parseEgg('{"meta":{"version":"PTDL_v2"},"name":"one","name":"two"}')
    expect(parsed.egg?.name).toBe('two')
    expect(parsed.diagnostics).toContainEqual(expect.objectContaining({ code: 'EGG_KEY_DUPLICATE', pointer: '/name' }))
  })
})

describe.skipIf(!hasCorpus)('corpus', () => {
  test('every published egg is read, and a malformed file says what is wrong', { timeout: 60_000 }, async () => {
    for (const row of corpusRows()) {
      const parsed = await parseEgg(readCorpusFile(row.path), { fileName: row.path })
      expect([row.path, errorsOf(parsed).length > 0]).toEqual([row.path, !row.valid])
      if (!row.valid) continue
      expect([row.path, parsed.format, parsed.egg?.variables.length]).toEqual([row.path, row.version, row.variables])
      expect(JSON.parse(JSON.stringify(parsed.egg))).toStrictEqual(parsed.egg)
      expect((await parseEgg(JSON.stringify({ hatchery: 1, ...parsed.egg }))).egg).toStrictEqual(parsed.egg)
    }
  })
})

describe('hostile input', () => {
  const never = async (input: Parameters<typeof parseEgg>[0], fileName = 'egg.json') => {
    const parsed = await parseEgg(input, { fileName })
    if (!parsed.egg) expect(errorsOf(parsed).length).toBeGreaterThan(0)
    return parsed
  }

  test.each([
    ['more than a megabyte', ' '.repeat(1024 * 1024 + 1), 'EGG_TOO_LARGE'],
    ['deep JSON', '['.repeat(100_000), 'EGG_TOO_DEEP'],
    ['a NUL in a text', '{"meta":{"version":"PTDL_v2"},"name":"a\\u0000b"}', 'EGG_NOT_TEXT'],
    ['a NUL in a key', '{"meta":{"version":"PTDL_v2"},"a\\u0000b":1}', 'EGG_NOT_TEXT'],
    ['bytes that are no text', Uint8Array.of(0x7b, 0xff, 0xfe), 'EGG_NOT_TEXT'],
    ['nothing', '', 'EGG_NOT_A_MAP'],
    ['a list', '[]', 'EGG_NOT_A_MAP'],
  ])('%s is refused', async (_, input, code) => {
    expect((await never(input)).diagnostics[0]?.code).toBe(code)
  })

  test('deep YAML is refused', async () => {
    expect((await never('['.repeat(50_000), 'egg.yaml')).egg).toBeNull()
    expect((await never('- '.repeat(20_000), 'egg.yaml')).egg).toBeNull()
  })

  test('YAML made to be slow is refused', { timeout: 30_000 }, async () => {
    const texts = ['- "'.repeat(300_000), '- @\n'.repeat(200_000), '{a: '.repeat(200_000), '? '.repeat(500_000)]
    for (const text of texts) {
      expect((await never(text, 'egg.yaml')).egg).toBeNull()
    }
  })

  test('an alias bomb is refused', async () => {
    const levels = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}x]`)
    expect((await never(`a0: &a0 [x, x]\n${levels.join('\n')}\n`, 'egg.yaml')).diagnostics[0]?.code).toBe(
      'EGG_TOO_LARGE',
    )
  })

  test('a cycle in memory is refused', async () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect((await never(cycle)).diagnostics[0]?.code).toBe('EGG_TOO_DEEP')
  })

  test('__proto__ is a key like any other', async () => {
    const text =
      '{"meta":{"version":"PTDL_v2"},"name":"x","__proto__":{"polluted":1},"docker_images":{"__proto__":"i"},"config":{"files":{"__proto__":{"parser":"json","find":{"__proto__.a":{"__proto__":"b"}}}}}}'
    const egg = eggOf(await never(text))
    expect(egg.images).toEqual([{ label: '__proto__', value: 'i' }])
    expect(egg.config.files[0]?.path).toBe('__proto__')
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  test('any JSON value is answered, never thrown at', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        await never(JSON.stringify(value))
        await never(
          JSON.stringify({
            meta: { version: 'PTDL_v2' },
            name: 'x',
            config: value,
            variables: [value],
            scripts: value,
          }),
        )
        const config = { files: JSON.stringify(value), startup: JSON.stringify(value), logs: value }
        await never({ meta: { version: 'PLCN_v3' }, name: 'x', config, docker_images: value, startup_commands: value })
        await never({ hatchery: 1, name: 'x', config: value, variables: [value], unknown: [value], images: value })
        await never({ name: 'x', config: { stop: {}, files: value, startup: value }, scripts: value, variables: value })
      }),
      { numRuns: 300 },
    )
  })

  test('mutilated eggs are answered, never thrown at', { timeout: 60_000 }, async () => {
    const names = ['proxy-plcn-v1.json', 'arena-plcn-v3.yaml', 'quarry-calagopus.json', 'minetest-ptdl-v1.json']
    const texts = names.map((name) => ({ name, text: fixture(name) }))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...texts),
        fc.array(fc.tuple(fc.nat(6000), fc.nat(40), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 4 }),
        async ({ name, text }, cuts) => {
          let result = text
          for (const [at, length, inserted] of cuts) {
            const start = at % (result.length + 1)
            result = result.slice(0, start) + inserted + result.slice(start + length)
          }
          await never(result, name)
        },
      ),
      { numRuns: 400 },
    )
  })
})
