import { describe, expect, test } from 'vitest'
import { configFilesOf } from './config-files.ts'
import { patchConfigFile } from './config-patch/patch-config-file.ts'
import { corpusRows, hasCorpus, labServer, readCorpusFile } from './corpus.test-data.ts'
import { exportEgg } from './export/export-egg.ts'
import { lintEgg } from './lint/lint-egg.ts'
import type { Egg } from './model.ts'
import { parseEgg } from './parse.ts'
import { processConfiguration } from './process-configuration.ts'
import { compileRules } from './rules/compile-rules.ts'
import { validateValue } from './rules/validate-value.ts'
import { environmentOf, renderStartup } from './startup.ts'
import { stopMethodOf } from './stop.ts'

async function eggOf(input: object | string, fileName = 'egg.json'): Promise<Egg> {
  const { egg, diagnostics } = await parseEgg(input, { fileName })
  if (!egg) throw new Error(JSON.stringify(diagnostics))
  return egg
}
const panelEgg = (more: object, version = 'PTDL_v2') =>
  eggOf({ meta: { version }, name: 'x', startup: 'run', docker_images: { a: 'b:1' }, config: {}, ...more })
const variable = (env_variable: string, more: object = {}) => ({
  name: 'x',
  env_variable,
  default_value: 'v',
  rules: 'string',
  ...more,
})
const withFind = (find: object, more: object = {}, parser = 'json', version = 'PTDL_v2') =>
  panelEgg({ config: { files: { 'a.cfg': { parser, find } } }, ...more }, version)
const written = (egg: Egg, panel: 'hatchery' | 'pterodactyl' | 'pelican') =>
  processConfiguration(egg, labServer, { panel }).configs[0]?.replace.map(({ replace_with }) => replace_with)
const isValid = (rules: string | string[], value: string | null, laravel: 11 | 13 = 13) =>
  validateValue(compileRules(rules), value, { laravel }).ok
const jsonOf = (text: string) => JSON.parse(text) as Record<string, unknown>

describe('traps of egg files', () => {
  test('1. image is a Docker image in PTDL_v1 and an icon in PLCN_v3', async () => {
    const old = await panelEgg({ docker_images: undefined, image: 'x/y:1' }, 'PTDL_v1')
    expect([old.images, old.icon]).toEqual([[{ label: 'x/y:1', value: 'x/y:1' }], null])
    const icon = await panelEgg({ image: 'data:image/png;base64,AA==' }, 'PLCN_v3')
    expect([icon.images.length, icon.icon]).toEqual([1, 'data:image/png;base64,AA=='])
  })

  test('2. PTDL_v2 with sort, list rules, uuid or Pelican placeholders is stripped for Pterodactyl', async () => {
    const egg = await withFind(
      { a: '{{server.environment.A}}' },
      { uuid: 'u', tags: ['t'], variables: [variable('A', { rules: ['string'], sort: 1 })] },
    )
    const { text } = await exportEgg(egg, 'PTDL_v2', { dialect: 'pterodactyl' })
    const file = jsonOf(text)
    expect([file['uuid'], file['tags']]).toEqual([undefined, undefined])
    expect(file['variables']).toEqual([
      {
        name: 'x',
        description: '',
        env_variable: 'A',
        default_value: 'v',
        user_viewable: false,
        user_editable: false,
        rules: 'string',
        field_type: 'text',
      },
    ])
    expect(text).toContain('{{server.build.env.A}}')
  })

  test('3. an empty map stands for an empty list and the other way round, inside of texts too', async () => {
    const egg = await panelEgg({
      features: {},
      tags: {},
      file_denylist: {},
      config: { files: '[]', startup: '[]', logs: '[]' },
      variables: [variable('A', { rules: {} })],
    })
    expect([egg.features, egg.tags, egg.fileDenylist, egg.config.files, egg.variables[0]?.rules]).toEqual([
      [],
      [],
      [],
      [],
      [],
    ])
    expect(processConfiguration(egg, labServer, { panel: 'hatchery' }).configs).toEqual([])
  })

  test('4. a reserved name is renamed in configuration files and scripts, too, unlike by Pelican', async () => {
    const egg = await withFind(
      { host: '{{server.build.env.HOSTNAME}}' },
      {
        startup: 'run {{HOSTNAME}}',
        scripts: { installation: { script: 'echo ${HOSTNAME}', container: 'c:1', entrypoint: 'bash' } },
        variables: [variable('hostname'), variable('HOSTNAME', { default_value: 'arena' }), variable('Map')],
      },
    )
    expect(written(egg, 'pelican')).toEqual([''])
    expect(written(egg, 'hatchery')).toEqual(['arena'])
    const pelican = await eggOf((await exportEgg(egg, 'PLCN_v3')).text)
    expect(written(pelican, 'pelican')).toEqual(['arena'])
    expect(pelican.variables.map(({ envVariable }) => envVariable)).toEqual([
      'SERVER_HOSTNAME',
      'SERVER_HOSTNAME_2',
      'Map',
    ])
    expect(pelican.install?.script).toBe('echo ${SERVER_HOSTNAME_2}')
  })

  test('5. placeholders are renamed by whole names, and twice is like once', async () => {
    const find = { a: '{{server.build.memory_limit}}', b: '{{server.build.env.SERVER_PORT_X}}' }
    const once = await eggOf((await exportEgg(await withFind(find), 'PLCN_v3')).text)
    const values = (egg: Egg) => egg.config.files[0]?.replace.map(({ value }) => value)
    expect(values(once)).toEqual(['{{server.build.memory_limit}}', '{{server.environment.SERVER_PORT_X}}'])
    const { origin: _origin, ...plain } = once
    expect(values(await eggOf((await exportEgg(plain, 'PLCN_v3')).text))).toEqual(values(once))
  })

  test('6. types survive YAML: defaults are text, find values stay what they are', async () => {
    const egg = await eggOf(
      'meta: {version: PLCN_v3}\nname: x\nconfig: {files: {a: {parser: json, find: {a: true, b: "true", c: 5, d: "5"}}}}\nvariables: [{env_variable: A, default_value: 8377, rules: [string]}, {env_variable: B, default_value: true}]\n',
      'egg.yaml',
    )
    expect(egg.variables.map(({ defaultValue }) => defaultValue)).toEqual(['8377', 'true'])
    expect(written(egg, 'hatchery')).toEqual([true, 'true', 5, '5'])
    for (const encoding of ['yaml', 'json'] as const) {
      expect(written(await eggOf((await exportEgg(egg, 'PLCN_v3', { encoding })).text), 'hatchery')).toEqual([
        true,
        'true',
        5,
        '5',
      ])
    }
  })

  test('7. a bar too many is an empty rule, and spellings of Laravel are rules', async () => {
    const egg = await panelEgg({ variables: [variable('A', { rules: 'Nullable|bool|' })] })
    expect(egg.variables[0]?.rules).toEqual(['Nullable', 'bool', ''])
    expect([isValid('Nullable|bool|', null), isValid('Nullable|bool|', '1'), isValid('Nullable|bool|', 'x')]).toEqual([
      true,
      true,
      false,
    ])
    const calagopus = jsonOf((await exportEgg(egg, 'calagopus')).text)
    expect(calagopus['variables']).toEqual([expect.objectContaining({ rules: ['nullable', 'boolean'] })])
  })

  test('8. boolean refuses true and false; an empty text passes, null does not; in is loose on Laravel 11', () => {
    expect(['true', 'false', '0', '1', ''].map((value) => isValid('boolean', value))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ])
    expect([isValid('string', ''), isValid('string', null), isValid('nullable|string', null)]).toEqual([
      true,
      false,
      true,
    ])
    expect([isValid('in:1,2', '01', 11), isValid('in:1,2', '01', 13)]).toEqual([true, false])
  })

  test('9. brackets delimit a pattern, $ stands before a newline, and bounds may be above 2^53', () => {
    expect(isValid(['regex:([a-z-0-9]+$)'], 'AB-c')).toBe(true)
    expect(isValid(['regex:/^a$/'], 'a\n')).toBe(true)
    expect(isValid('numeric|max:76561202255233023', '76561202255233023')).toBe(true)
    expect(isValid('numeric|max:76561202255233023', '76561202255233024')).toBe(false)
  })

  test('10. ^C is an interrupt, ^^C and what is no signal a kill, anything else is typed', async () => {
    const methodOf = async (stop: string) => stopMethodOf(await panelEgg({ config: { stop } }))
    expect(await methodOf('^C')).toEqual({ type: 'signal', signal: 'SIGINT' })
    expect(await methodOf('^c')).toEqual({ type: 'signal', signal: 'SIGINT' })
    expect(await methodOf('^^C')).toEqual({ type: 'signal', signal: 'SIGKILL' })
    expect(await methodOf('^X')).toEqual({ type: 'signal', signal: 'SIGKILL' })
    expect(await methodOf('^SIGTERM')).toEqual({ type: 'signal', signal: 'SIGTERM' })
    expect(await methodOf('stop')).toEqual({ type: 'command', command: 'stop' })
  })

  test('11. yml is a parser, written yaml for Calagopus, which gets PTDL_v1 as its own format', async () => {
    const egg = await withFind({ a: 'b' }, { docker_images: undefined, image: 'b:1' }, 'yml', 'PTDL_v1')
    expect(configFilesOf(egg, labServer)[0]?.parser).toBe('yaml')
    const { text } = await exportEgg(egg, 'calagopus')
    expect(jsonOf(text)).toMatchObject({
      config: { files: { 'a.cfg': { parser: 'yaml' } } },
      docker_images: { 'b:1': 'b:1' },
    })
  })

  test('12. keys of the parser file are beginnings of lines, not patterns', async () => {
    const egg = await withFind({ serverPassword: 'a', serverPasswordAdmin: 'b' }, {}, 'file')
    expect(lintEgg(egg).map(({ code }) => code)).toContain('EGG_MATCH_PREFIX')
    const replace = [{ match: 'a.c', ifValue: null, value: 'a.c=1' }]
    expect(await patchConfigFile('file', 'abc=0\na.c=0\n', replace, {})).toBe('abc=0\na.c=1\n')
  })

  test('13. list indexes and wildcards work whichever daemon the egg was written for', async () => {
    const replace = (match: string, ifValue: string | null = null) => [{ match, ifValue, value: 'x' }]
    const patch = (text: string, match: string, ifValue: string | null = null) =>
      patchConfigFile('yaml', text, replace(match, ifValue), {})
    expect(await patch('listeners:\n  - host: a\n', 'listeners[0].host')).toBe('listeners:\n  - host: x\n')
    expect(await patch('listeners:\n  - host: a\n', 'listeners.0.host')).toBe('listeners:\n  - host: x\n')
    expect(await patch('servers:\n  one:\n    address: a\n  two:\n    address: b\n', 'servers.*.address', 'a')).toBe(
      'servers:\n  one:\n    address: x\n  two:\n    address: b\n',
    )
  })

  test('14. an unknown placeholder is empty, one without a prefix or with spaces stays', async () => {
    const egg = await withFind({ a: '{{server.nope}}', b: '{{QUERY}}', c: '{{ env.A }}', d: '{{env.SERVER_PORT}}' })
    expect(written(egg, 'pelican')).toEqual(['', '{{QUERY}}', '{{ env.A }}', ''])
    expect(written(egg, 'pterodactyl')).toEqual(['', '{{QUERY}}', '{{ env.A }}', '{{server.build.default.port}}'])
    expect(written(egg, 'hatchery')).toEqual(['', '{{QUERY}}', '{{ env.A }}', '25565'])
  })

  test('15. the container has names in upper case, configuration files look up the name as written', async () => {
    const egg = await withFind(
      { a: '{{server.build.env.Map}}' },
      { variables: [variable('Map', { default_value: 'de' })] },
    )
    expect(environmentOf(egg, labServer)).toMatchObject({ Map: 'de', MAP: 'de' })
    expect(['pterodactyl', 'pelican', 'hatchery'].map((panel) => written(egg, panel as 'pelican'))).toEqual([
      ['de'],
      ['de'],
      ['de'],
    ])
  })

  test('16. a start command is a shell program; names inside of ${…} are replaced, too', async () => {
    const command = 'cd a && ./run ${ARGS:+--map {{MAP}}} "$(date)" | tee {{LOG}}.txt; echo `x`'
    const egg = await panelEgg({ startup: command, variables: [variable('MAP', { default_value: 'de' })] })
    expect(egg.startupCommands[0]?.value).toBe(command)
    expect(renderStartup(egg, labServer)).toBe('cd a && ./run ${ARGS:+--map de} "$(date)" | tee {{LOG}}.txt; echo `x`')
    expect((await eggOf((await exportEgg(egg, 'PLCN_v3', { encoding: 'yaml' })).text)).startupCommands[0]?.value).toBe(
      command,
    )
  })

  test('17. line ends of scripts and of texts in the egg are kept', async () => {
    const script = '#!/bin/bash\r\necho a\r\n'
    const startup = '{\r\n    "done": "up"\r\n}'
    const egg = await panelEgg({
      config: { startup },
      scripts: { installation: { script, container: 'c:1', entrypoint: 'bash' } },
    })
    expect([egg.install?.script, egg.config.done]).toEqual([script, ['up']])
    for (const options of [{ encoding: 'json' }, { encoding: 'yaml' }] as const) {
      expect((await eggOf((await exportEgg(egg, 'PLCN_v3', options)).text)).install?.script).toBe(script)
    }
    expect((jsonOf((await exportEgg(egg, 'PTDL_v2')).text)['config'] as { startup: string }).startup).toBe(startup)
  })

  test('18. labels hold dots, slashes and colons or look like numbers, and keep their order', async () => {
    const text =
      '{"meta":{"version":"PLCN_v3"},"name":"x","docker_images":{"ghcr.io/a:b":"i:1","2":"i:2","1":"i:3"},"startup_commands":{"1.20":"a","1":"b","__proto__":"c"}}'
    const egg = await eggOf(text)
    expect(egg.images.map(({ label }) => label)).toEqual(['ghcr.io/a:b', '2', '1'])
    for (const encoding of ['json', 'yaml'] as const) {
      const again = await eggOf((await exportEgg(egg, 'PLCN_v3', { encoding })).text)
      expect([again.images, again.startupCommands]).toEqual([egg.images, egg.startupCommands])
    }
  })

  test('19. update_url may be the text null, dates and descriptions may be missing', async () => {
    const egg = await panelEgg({
      meta: { version: 'PTDL_v1', update_url: 'null' },
      exported_at: null,
      description: null,
    })
    expect([egg.updateUrl, egg.exportedAt, egg.description]).toEqual(['null', null, ''])
    expect(lintEgg(egg).find(({ code }) => code === 'EGG_UPDATE_URL')?.edit).toEqual({
      op: 'replace',
      path: '/updateUrl',
      value: null,
    })
    const zone = await panelEgg({ exported_at: '2024-01-01T00:00:00+0000' })
    expect(jsonOf((await exportEgg(zone, 'PTDL_v2')).text)['exported_at']).toBe('2024-01-01T00:00:00+0000')
  })

  test('20. a variable twice is reported and kept; the last one counts', async () => {
    const twice = [variable('A', { default_value: 'first' }), variable('A', { default_value: 'last' })]
    const { egg, diagnostics } = await parseEgg({
      meta: { version: 'PTDL_v2' },
      name: 'x',
      author: 'eggs@example.org',
      startup: 'run {{A}}',
      docker_images: ['b:1'],
      config: {},
      variables: twice,
    })
    if (!egg) throw new Error('the egg was not read')
    expect(diagnostics.map(({ code }) => code)).toEqual(['EGG_VARIABLE_DUPLICATE'])
    expect([egg.variables.length, renderStartup(egg, labServer)]).toEqual([2, 'run last'])
    const { text, losses } = await exportEgg(egg, 'calagopus')
    expect(jsonOf(text)['variables']).toEqual([expect.objectContaining({ default_value: 'last' })])
    expect(losses.map(({ code }) => code)).toEqual(['VARIABLE'])
  })

  test.skipIf(!hasCorpus)('21. twins, the same egg in the formats of two panels, mean the same', async () => {
    const twin = (name: string) => corpusRows().find(({ path }) => path.endsWith(name))?.path ?? ''
    const [one, other] = await Promise.all(
      ['rust/vanilla/egg-pterodactyl-rust.json', 'rust/vanilla/egg-rust.yaml'].map(async (name) =>
        eggOf(new TextDecoder().decode(readCorpusFile(twin(name))), name),
      ),
    )
    if (!one || !other) throw new Error('the twins are in the corpus')
    const names = (egg: Egg) => egg.variables.map(({ envVariable }) => envVariable).toSorted()
    expect(names(one)).toEqual(names(other))
    expect([one.origin?.format, other.origin?.format]).toEqual(['PTDL_v2', 'PLCN_v3'])
    expect(renderStartup(one, labServer)).toBe(renderStartup(other, labServer))
  })
})
