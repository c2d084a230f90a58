import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { corpusRows, fixture, hasCorpus, labServer, readCorpusFile } from '../corpus.test-data.ts'
import type { Egg } from '../model.ts'
import { parseEgg } from '../parse.ts'
import { processConfiguration } from '../process-configuration.ts'
import { renderStartup } from '../startup.ts'
import { exportEgg, type ExportFormat } from './export-egg.ts'

async function eggOf(input: string | object, fileName = 'egg.json'): Promise<Egg> {
  const { egg, diagnostics } = await parseEgg(input, { fileName })
  if (!egg) throw new Error(JSON.stringify(diagnostics))
  return egg
}

const fixtureEgg = (name: string) => eggOf(fixture(name), name)
const ptdl = (more: object) => ({
  meta: { version: 'PTDL_v2' },
  author: 'eggs@example.org',
  name: 'Small',
  startup: 'run -h {{HOSTNAME}}',
  docker_images: { a: 'b:1' },
  config: {},
  ...more,
})
const variable = (env_variable: string, more: object = {}) => ({
  name: env_variable,
  env_variable,
  default_value: 'x',
  rules: 'required|string',
  ...more,
})
const jsonOf = (text: string) => JSON.parse(text) as Record<string, unknown>

describe('a file of the same format', () => {
  test.each([
    ['teeworlds-ptdl-v2.json', 'PTDL_v2'],
    ['openttd-ptdl-v2-pelican.json', 'PTDL_v2'],
    ['arena-plcn-v3.json', 'PLCN_v3'],
    ['arena-plcn-v3.yaml', 'PLCN_v3'],
    ['quarry-calagopus.json', 'calagopus'],
  ] as const)('%s comes back as the same egg', async (name, format) => {
    const egg = await fixtureEgg(name)
    const { text, losses } = await exportEgg(egg, format)
    expect(losses).toEqual([])
    expect(await eggOf(text, name)).toStrictEqual(egg)
  })

  test('a Calagopus file comes back byte for byte, as JSON and as YAML', async () => {
    const json = JSON.stringify(JSON.parse(fixture('quarry-calagopus.json')), null, 2)
    const egg = await eggOf(json)
    expect((await exportEgg(egg, 'calagopus')).text).toBe(json)
    const yaml = (await exportEgg(egg, 'calagopus', { encoding: 'yaml' })).text
    expect(yaml).toContain("        - match: 'net.port'\n          insert_new: true\n")
    expect(yaml).toContain('    content: "#!/bin/bash\\necho done\\n"\n')
    expect((await exportEgg(await eggOf(yaml, 'egg.yaml'), 'calagopus')).text).toBe(yaml)
  })

  test('keeps the order of its keys, its nulls and its numbers, and takes an edit', async () => {
    const text = `{
    "name": "Small",
    "meta": {
        "version": "PTDL_v2"
    },
    "features": null,
    "docker_images": {
        "2": "b:1",
        "1": "c:1"
    },
    "config": {
        "files": "{}",
        "startup": "{\\r\\n\\"done\\": \\"up\\"}",
        "stop": "^C"
    },
    "variables": [
        {
            "env_variable": "A",
            "name": "A",
            "default_value": 5,
            "rules": [
                "string"
            ]
        }
    ],
    "zoo": 12345678901234567890
}
`
    const egg = await eggOf(text)
    expect((await exportEgg(egg, 'PTDL_v2')).text).toBe(text)

    const edited: Egg = {
      ...egg,
      features: ['eula'],
      config: { ...egg.config, done: ['ready'] },
      variables: egg.variables.map((item) => ({ ...item, defaultValue: '6', rules: ['string', 'max:5'] })),
    }
    const written = jsonOf((await exportEgg(edited, 'PTDL_v2')).text)
    expect(written['features']).toEqual(['eula'])
    expect(written['variables']).toEqual([expect.objectContaining({ default_value: '6', rules: 'string|max:5' })])
    expect(written['config']).toMatchObject({ startup: '{\n    "done": "ready"\n}' })
  })
})

describe('from one panel to another', () => {
  test('placeholders get the names of the panel, once', async () => {
    const find = {
      a: '{{server.build.env.SERVER_PORT}}',
      b: '{{server.build.default.ip}}:{{server.build.env.A}}',
      c: '{{env.A}} {{config.docker.interface}} {{QUERY}}',
      d: '{{server.build.memory}} {{server.build.memory_limit}} {{server.build.env.SERVER_PORT_X}}',
    }
    const egg = await eggOf(
      ptdl({ startup: 'run', config: { files: JSON.stringify({ 'a.json': { parser: 'json', find } }) } }),
    )
    const pelican = await exportEgg(egg, 'PLCN_v3', { encoding: 'yaml' })
    const valuesOf = (from: Egg) => from.config.files[0]?.replace.map(({ value }) => value)
    expect(valuesOf(await eggOf(pelican.text))).toEqual([
      '{{server.allocations.default.port}}',
      '{{server.allocations.default.ip}}:{{server.environment.A}}',
      '{{env.A}} {{config.docker.interface}} {{QUERY}}',
      '{{server.build.memory_limit}} {{server.build.memory_limit}} {{server.environment.SERVER_PORT_X}}',
    ])
    expect(pelican.losses).toEqual([])
    const back = await exportEgg(await eggOf(pelican.text), 'PTDL_v2')
    expect(valuesOf(await eggOf(back.text))).toEqual([
      '{{server.build.default.port}}',
      '{{server.build.default.ip}}:{{server.build.env.A}}',
      '{{env.A}} {{config.docker.interface}} {{QUERY}}',
      '{{server.build.memory}} {{server.build.memory}} {{server.build.env.SERVER_PORT_X}}',
    ])
  })

  test('a reserved name changes in every part of the egg, and the server gets the same values', async () => {
    const egg = await eggOf(
      ptdl({
        config: {
          files: {
            'a.json': { parser: 'json', find: { host: '{{server.build.env.HOSTNAME}}', b: '{{env.hostname}}' } },
          },
        },
        scripts: {
          installation: {
            script: 'echo $HOSTNAME ${HOSTNAME:-x} $HOSTNAMES; hostname',
            container: 'c:1',
            entrypoint: 'bash',
          },
        },
        variables: [variable('HOSTNAME', { default_value: 'arena' }), variable('SERVER_PORT')],
      }),
    )
    const { text, changes } = await exportEgg(egg, 'PLCN_v3')
    const pelican = await eggOf(text)
    expect(pelican.variables.map(({ envVariable }) => envVariable)).toEqual(['SERVER_HOSTNAME', 'SERVER_SERVER_PORT'])
    expect(pelican.install?.script).toBe('echo $SERVER_HOSTNAME ${SERVER_HOSTNAME:-x} $HOSTNAMES; hostname')
    expect(pelican.config.files[0]?.replace[0]?.value).toBe('{{server.environment.SERVER_HOSTNAME}}')
    expect(renderStartup(pelican, labServer)).toBe('run -h arena')
    expect(processConfiguration(pelican, labServer, { panel: 'pelican' }).configs[0]?.replace[0]?.replace_with).toBe(
      'arena',
    )
    expect(changes.map(({ pointer }) => pointer)).toContain('/variables/0/envVariable')
  })

  test('Pterodactyl gets its own dialect: no sort, no lists, one start command', async () => {
    const { text, losses } = await exportEgg(await fixtureEgg('arena-plcn-v3.yaml'), 'PTDL_v2')
    const written = jsonOf(text)
    expect(Object.keys(written)).toEqual([
      'meta',
      'exported_at',
      'name',
      'author',
      'description',
      'features',
      'docker_images',
      'file_denylist',
      'startup',
      'config',
      'scripts',
      'variables',
    ])
    expect(written['startup']).toBe('./arena -port {{SERVER_PORT}}')
    expect(written['variables']).toEqual([
      {
        name: 'Players',
        description: '',
        env_variable: 'MAX_PLAYERS',
        default_value: '76561202255233023',
        user_viewable: true,
        user_editable: false,
        rules: 'required|numeric',
        field_type: 'text',
      },
    ])
    expect(losses.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'ABOUT /uuid',
      'ABOUT /icon',
      'ABOUT /tags',
      'STARTUP_COMMAND /startupCommands/1',
      'VARIABLE_ORDER /variables/0/sort',
    ])
  })

  test('the dialect of the first Pelican is kept, and stripped when Pterodactyl is to read it', async () => {
    const egg = await fixtureEgg('openttd-ptdl-v2-pelican.json')
    const keysOf = (text: string) => Object.keys((jsonOf(text)['variables'] as object[])[0] ?? {})
    expect(keysOf((await exportEgg(egg, 'PTDL_v2')).text)).toContain('sort')
    const { text, losses } = await exportEgg(egg, 'PTDL_v2', { dialect: 'pterodactyl' })
    expect(keysOf(text)).not.toContain('sort')
    expect(text).not.toContain('server.environment.')
    expect(losses.map(({ code }) => code)).toContain('VARIABLE_ORDER')
  })

  test('PTDL_v1 becomes every other format, Calagopus with its own names', async () => {
    const egg = await fixtureEgg('minetest-ptdl-v1.json')
    for (const format of ['PTDL_v2', 'PLCN_v3', 'calagopus'] as const) {
      const { text } = await exportEgg(egg, format)
      const again = await parseEgg(text)
      expect([again.format, again.diagnostics]).toEqual([format, []])
      expect(again.egg?.images).toEqual(egg.images)
    }
  })

  test('Calagopus: signals by name, yml as yaml, conditions apart, rules that it knows', async () => {
    const find = { 'servers.*.address': { '127.0.0.1': 'a', 'regex:^b$': 'c' } }
    const egg = await eggOf(
      ptdl({
        config: { stop: '^SIGKILL', startup: { done: 'up' }, files: { 'c.yml': { parser: 'yml', find } } },
        variables: [variable('A', { rules: 'Nullable|string||present|nullable:string' })],
      }),
    )
    const { text, losses } = await exportEgg(egg, 'calagopus')
    expect(jsonOf(text)).toMatchObject({
      config: {
        files: {
          'c.yml': {
            create_new: true,
            parser: 'yaml',
            replace: [
              {
                match: 'servers.*.address',
                insert_new: true,
                update_existing: true,
                if_value: '127.0.0.1',
                replace_with: 'a',
              },
              {
                match: 'servers.*.address',
                insert_new: true,
                update_existing: true,
                if_value: 'regex:^b$',
                replace_with: 'c',
              },
            ],
          },
        },
        startup: { done: ['up'], strip_ansi: false },
        stop: { type: 'signal', value: 'SIGKILL' },
      },
      variables: [{ name: 'A (A)', order: 1, rules: ['nullable', 'string', 'nullable'] }],
    })
    expect(losses.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual(['RULE /variables/0/rules/3'])
  })

  test('a Calagopus egg on a panel loses what only Calagopus has, and nothing else', async () => {
    const egg = await fixtureEgg('quarry-calagopus.json')
    const { text, losses } = await exportEgg(egg, 'PLCN_v3')
    expect(losses.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'NETWORK /separatePort',
      'REPLACEMENT /config/files/0/replace/1/insertNew',
      'TRANSLATION /variables/0/nameTranslations',
    ])
    const pelican = await eggOf(text)
    expect(pelican.config.stop).toBe('^SIGTERM')
    expect(pelican.config.files[0]?.replace[1]).toEqual({
      match: 'net.name',
      ifValue: 'old',
      value: '{{env.NAME}}',
    })
  })

  test('a rule with a bar survives as a list and is reported where it cannot', async () => {
    const egg = await eggOf({
      ...ptdl({ startup: 'run', variables: [variable('A', { rules: ['regex:/^(a|b)$/'], sort: 1 })] }),
      meta: { version: 'PLCN_v1' },
    })
    expect((await eggOf((await exportEgg(egg, 'PLCN_v3')).text)).variables[0]?.rules).toEqual(['regex:/^(a|b)$/'])
    const { losses } = await exportEgg(egg, 'PTDL_v2')
    expect(losses.map(({ code }) => code)).toContain('RULE')
  })
})

describe('what a panel would refuse is said', () => {
  const refused = async (egg: Egg, format: ExportFormat) =>
    (await exportEgg(egg, format, { dialect: 'pterodactyl' })).losses
      .filter(({ code }) => code === 'REFUSED')
      .map(({ pointer }) => pointer)

  test('by Pterodactyl and by Calagopus', async () => {
    const egg = await eggOf({
      ...ptdl({
        name: 'x'.repeat(300),
        author: 'x',
        docker_images: {},
        startup: '',
        config: { stop: 'x'.repeat(200), files: { a: { parser: 'zoo', find: {} } } },
        variables: [variable('a-b', { name: '' })],
      }),
      meta: { version: 'PTDL_v1' },
    })
    expect(await refused(egg, 'PTDL_v2')).toEqual([
      '/name',
      '/author',
      '/images',
      '/startupCommands',
      '/config/stop',
      '/variables/0/name',
      '/variables/0/envVariable',
    ])
    expect(await refused(egg, 'calagopus')).toEqual(['/name', '/author', '/startupCommands', '/config/files/0/parser'])
    expect(await refused(egg, 'PLCN_v3')).toEqual([])
  })

  test.skipIf(!hasCorpus)('of the published eggs, two without a start command', { timeout: 60_000 }, async () => {
    const found: string[] = []
    for (const { path, valid } of corpusRows()) {
      if (!valid) continue
      const { egg } = await parseEgg(readCorpusFile(path), { fileName: path })
      if (!egg) throw new Error(`${path} was not read`)
      found.push(...(await refused(egg, 'PTDL_v2')))
    }
    expect(found).toEqual(['/startupCommands', '/startupCommands'])
  })
})

test('the example of the docs is an egg of Hatchery’s format, written as the library writes it', async () => {
  const page = readFileSync(new URL('../../../docs/eggs/formats/hatchery.md', import.meta.url), 'utf8')
  const example = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const parsed = await parseEgg(example)
  expect([parsed.format, parsed.diagnostics]).toEqual(['hatchery', []])
  if (!parsed.egg) throw new Error('the example was not read')
  expect(jsonOf((await exportEgg(parsed.egg, 'hatchery')).text)).toEqual(jsonOf(example))
  expect(Object.keys(jsonOf(example))).toEqual(Object.keys(jsonOf((await exportEgg(parsed.egg, 'hatchery')).text)))
})

test('options: date and uuid are the caller’s', async () => {
  const egg = await fixtureEgg('minetest-ptdl-v1.json')
  const options = { exportedAt: '2026-11-27T00:00:00+00:00', uuid: '7a4cf6c7-2f21-4d52-9c0e-0c1b0b3cf009' }
  expect(jsonOf((await exportEgg(egg, 'PLCN_v3', options)).text)).toMatchObject({
    exported_at: options.exportedAt,
    uuid: options.uuid,
  })
  expect((await exportEgg(egg, 'PLCN_v3', options)).text).toBe((await exportEgg(egg, 'PLCN_v3', options)).text)
})

test('refuses a format that it does not write', async () => {
  const egg = await fixtureEgg('minetest-ptdl-v1.json')
  await expect(exportEgg(egg, 'PTDL_v1' as 'PTDL_v2')).rejects.toThrow('none of PTDL_v2')
})

describe.skipIf(!hasCorpus)('published eggs', () => {
  test.each<ExportFormat>(['PTDL_v2', 'PLCN_v3', 'calagopus'])(
    'mean the same to a server as %s',
    { timeout: 120_000 },
    async (format) => {
      for (const { path, valid } of corpusRows()) {
        if (!valid) continue
        const { egg } = await parseEgg(readCorpusFile(path), { fileName: path })
        if (!egg) throw new Error(`${path} was not read`)
        const { text } = await exportEgg(egg, format, { encoding: 'json', dialect: 'pterodactyl' })
        const again = await eggOf(text)
        const configured = (from: Egg) =>
          processConfiguration(from, labServer, { panel: 'hatchery' }).configs.map(({ file, replace }) => ({
            file,
            replace,
          }))
        expect([path, configured(again)]).toEqual([path, configured(egg)])
        expect([path, renderStartup(again, labServer)]).toEqual([path, renderStartup(egg, labServer)])
      }
    },
  )
})
