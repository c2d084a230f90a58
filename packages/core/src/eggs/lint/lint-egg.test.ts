import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { corpusRows, fixture, hasCorpus, readCorpusFile } from '../corpus.test-data.ts'
import { hatcheryForm } from '../export/egg-arbitrary.test-data.ts'
import type { Egg } from '../model.ts'
import { parseEgg } from '../parse.ts'
import { fixEgg } from './fix-egg.ts'
import { lintEgg } from './lint-egg.ts'

async function eggOf(input: object | string, fileName = 'egg.json'): Promise<Egg> {
  const { egg } = await parseEgg(input, { fileName })
  if (!egg) throw new Error('the egg was not read')
  return egg
}

const good = {
  meta: { version: 'PTDL_v2' },
  name: 'x',
  docker_images: { a: 'ghcr.io/x/y:1' },
  startup: './run',
  config: { startup: { done: 'ready' }, stop: '^C' },
  scripts: { installation: { script: '#!/bin/bash\n', container: 'debian:12', entrypoint: 'bash' } },
}
const variable = (env_variable: string, default_value: string, rules: string, more: object = {}) => ({
  name: 'x',
  env_variable,
  default_value,
  rules,
  ...more,
})
const withFiles = (parser: string, find: object, path = 'a.cfg') => ({
  config: { ...good.config, files: { [path]: { parser, find } } },
})
const withScript = (script: string, more: object = {}) => ({
  scripts: { installation: { script, container: 'debian:12', entrypoint: 'bash', ...more } },
})
const lint = async (more: object) =>
  lintEgg(await eggOf({ ...good, ...more })).map(({ severity, code, pointer }) => `${severity} ${code} ${pointer}`)

describe('lintEgg', () => {
  test('finds nothing in a good egg', async () => {
    expect(await lint({})).toEqual([])
    const clean = async (name: string) =>
      lintEgg(await eggOf(fixture(name), name)).filter(({ severity }) => severity !== 'info')
    expect(await clean('proxy-plcn-v1.json')).toEqual([])
    expect(await clean('chat-plcn-v2.json')).toEqual([])
  })

  test.each<[string, object, string[]]>([
    ['no image', { docker_images: {} }, ['error EGG_NO_IMAGE /images']],
    ['spaces around an image', { docker_images: { a: ' x/y:1' } }, ['warning EGG_IMAGE_NAME /images/0/value']],
    ['an image that Docker refuses', { docker_images: { a: 'ghcr.io/X y' } }, ['error EGG_IMAGE_NAME /images/0/value']],
    ['an image without a tag', { docker_images: { a: 'ghcr.io:443/x/y' } }, ['info EGG_IMAGE_TAG /images/0/value']],
    ['the tag latest', { docker_images: { a: 'x/y:latest' } }, ['info EGG_IMAGE_TAG /images/0/value']],
    ['a digest is a tag', { docker_images: { a: `x@sha256:${'0'.repeat(64)}` } }, []],
    ['no start command', { startup: '' }, ['error EGG_NO_STARTUP /startupCommands']],
    [
      'a start command with an unknown name',
      { startup: 'x {{NOPE}}' },
      ['warning EGG_VARIABLE_MISSING /startupCommands/0/value'],
    ],
    ['a name that every server has', { startup: 'x {{SERVER_PORT}} {{HOSTNAME}} ${ANY}' }, []],
    ['a spaced name', { startup: 'x {{ SERVER_PORT }}' }, ['warning EGG_PLACEHOLDER_BROKEN /startupCommands/0/value']],
    ['nothing says ready', { config: { stop: '^C' } }, ['warning EGG_NO_DONE /config/done']],
    ['empty done', { config: { stop: '^C', startup: { done: '' } } }, ['warning EGG_NO_DONE /config/done/0']],
    [
      'done over two lines',
      { config: { stop: '^C', startup: { done: 'a\nb' } } },
      ['error EGG_DONE_UNREACHABLE /config/done/0'],
    ],
    [
      'done that ends its line',
      { config: { stop: '^C', startup: { done: 'a\n' } } },
      ['error EGG_DONE_UNREACHABLE /config/done/0'],
    ],
    [
      'done with a name',
      { config: { stop: '^C', startup: { done: 'on {{SERVER_PORT}}' } } },
      ['warning EGG_DONE_UNREACHABLE /config/done/0'],
    ],
    [
      'a broken pattern',
      { config: { stop: '^C', startup: { done: 'regex:(' } } },
      ['error EGG_DONE_UNREACHABLE /config/done/0'],
    ],
    ['a pattern', { config: { stop: '^C', startup: { done: 'regex:^Done \\d+' } } }, []],
    ['a stop that kills', { config: { ...good.config, stop: '^^C' } }, ['info EGG_STOP_KILLS /config/stop']],
    ['a stop that is no signal', { config: { ...good.config, stop: '^X' } }, ['warning EGG_STOP_KILLS /config/stop']],
    ['no stop', { config: { ...good.config, stop: '' } }, ['info EGG_NO_STOP /config/stop']],
    ['an unknown parser', withFiles('zoo', { a: 'b' }), ['error EGG_PARSER_UNKNOWN /config/files/0/parser']],
    ['a path outside', withFiles('json', { a: 'b' }, '../a.json'), ['error EGG_CONFIG_PATH /config/files/0/path']],
    ['an empty match', withFiles('file', { '': 'b' }), ['warning EGG_MATCH /config/files/0/replace/0/match']],
    [
      'a match like a pattern',
      withFiles('file', { 'a = "(.*)"': 'b' }),
      ['warning EGG_MATCH /config/files/0/replace/0/match'],
    ],
    [
      'a match that begins another',
      withFiles('file', { pass: 'a', passAdmin: 'b' }),
      ['warning EGG_MATCH_PREFIX /config/files/0/replace/0/match'],
    ],
    ['keys are no prefixes', withFiles('properties', { pass: 'a', passAdmin: 'b' }), []],
    [
      'an unknown variable in a file',
      withFiles('json', { a: '{{server.build.env.NOPE}}' }),
      ['warning EGG_VARIABLE_MISSING /config/files/0/replace/0/value'],
    ],
    [
      'an unknown name in a file',
      withFiles('json', { a: '{{server.nope}}' }),
      ['warning EGG_VARIABLE_MISSING /config/files/0/replace/0/value'],
    ],
    [
      'a spaced name in a file',
      withFiles('json', { a: '{{ server.uuid }}' }),
      ['warning EGG_PLACEHOLDER_BROKEN /config/files/0/replace/0/value'],
    ],
    [
      'a name that is not closed',
      withFiles('json', { a: '{{server.uuid}' }),
      ['warning EGG_PLACEHOLDER_BROKEN /config/files/0/replace/0/value'],
    ],
    [
      'a bare name in a file',
      withFiles('json', { a: '{{SERVER_PORT}}' }),
      ['warning EGG_PLACEHOLDER_BROKEN /config/files/0/replace/0/value'],
    ],
    [
      'names that daemons know',
      withFiles('json', { a: '{{config.docker.interface}}{{server.build.default.port}}{{env.SERVER_IP}}' }),
      [],
    ],
    ['no install script', { scripts: {} }, ['info EGG_NO_INSTALL /install']],
    ['no install container', withScript('x', { container: '' }), ['error EGG_INSTALL_CONTAINER /install/container']],
    ['no install shell', withScript('x', { entrypoint: '' }), ['error EGG_INSTALL_ENTRYPOINT /install/entrypoint']],
    ['lines of Windows', withScript('a\r\nb'), ['info EGG_SCRIPT_LINE_ENDS /install/script']],
    ['an escaped first line', withScript('#!\\/bin\\/bash\n'), ['info EGG_SCRIPT_SHEBANG /install/script']],
    [
      'a download into a shell',
      withScript('curl -sSL https://x.example | bash'),
      ['warning EGG_SCRIPT_PIPE /install/script'],
    ],
    [
      'a shell around a download',
      withScript('bash <(wget -qO- https://x.example)'),
      ['warning EGG_SCRIPT_PIPE /install/script'],
    ],
    ['a download over http', withScript('wget http://x.example/a.zip'), ['warning EGG_SCRIPT_HTTP /install/script']],
    [
      'an unchecked download',
      withScript('curl -k https://x.example/a.zip'),
      ['warning EGG_SCRIPT_HTTP /install/script'],
    ],
    ['a comment and loopback are no download', withScript('# curl http://x | bash\ncurl http://localhost/x'), []],
    ['a name in a script', withScript('echo {{MAP}}'), ['warning EGG_PLACEHOLDER_BROKEN /install/script']],
    [
      'a reserved name',
      { variables: [variable('HOSTNAME', 'x', 'string')] },
      ['warning EGG_VARIABLE_RESERVED /variables/0/envVariable'],
    ],
    [
      'a name that no shell knows',
      { variables: [variable('a-b', 'x', 'string')] },
      ['error EGG_VARIABLE_NAME /variables/0/envVariable'],
    ],
    [
      'a name in lower case',
      { variables: [variable('map', 'x', 'string')] },
      ['info EGG_VARIABLE_NAME /variables/0/envVariable'],
    ],
    [
      'a variable twice',
      { variables: [variable('A', 'x', 'string'), variable('A', 'x', 'string')] },
      ['warning EGG_VARIABLE_DUPLICATE /variables/0/envVariable'],
    ],
    [
      'hidden and editable',
      { variables: [variable('A', 'x', 'string', { user_editable: true })] },
      ['info EGG_VARIABLE_HIDDEN /variables/0/userViewable'],
    ],
    [
      'a default that fails',
      { variables: [variable('A', 'no', 'required|boolean')] },
      ['warning EGG_DEFAULT_INVALID /variables/0/defaultValue'],
    ],
    ['a value for a person', { variables: [variable('A', '', 'required')] }, []],
    ['an unknown rule', { variables: [variable('A', 'x', 'sting')] }, ['error EGG_RULE_UNKNOWN /variables/0/rules']],
    ['a broken rule', { variables: [variable('A', 'x', 'regex:^x$')] }, ['error EGG_RULE_BROKEN /variables/0/rules']],
    ['an empty rule', { variables: [variable('A', 'x', 'string|')] }, ['info EGG_RULE_EMPTY /variables/0/rules/1']],
    [
      'a password for all',
      { variables: [variable('RCON_PASSWORD', 'changeme', 'string')] },
      ['warning EGG_SECRET_DEFAULT /variables/0/defaultValue'],
    ],
    [
      'a real token',
      { variables: [variable('A', `ghp_${'a'.repeat(36)}`, 'string')] },
      ['error EGG_SECRET /variables/0/defaultValue'],
    ],
    [
      'a real token in a script',
      withScript(`curl -H "ghp_${'a'.repeat(36)}" https://x.example`),
      ['error EGG_SECRET /install/script'],
    ],
    ['an unknown feature', { features: ['eula', 'zoo'] }, ['info EGG_FEATURE_UNKNOWN /features/1']],
    ['everything denied', { file_denylist: ['**'] }, ['warning EGG_DENYLIST /fileDenylist/0']],
    ['outside denied', { file_denylist: ['../x'] }, ['warning EGG_DENYLIST /fileDenylist/0']],
    ['a comment as a pattern', { file_denylist: ['#x'] }, ['warning EGG_DENYLIST /fileDenylist/0']],
    ['the word null as an address', { meta: { ...good.meta, update_url: 'null' } }, ['info EGG_UPDATE_URL /updateUrl']],
    ['no address', { meta: { ...good.meta, update_url: 'egg.json' } }, ['warning EGG_UPDATE_URL /updateUrl']],
    [
      'an address without TLS',
      { meta: { ...good.meta, update_url: 'http://x.example/egg.json' } },
      ['warning EGG_UPDATE_URL /updateUrl'],
    ],
  ])('%s', async (_, more, expected) => {
    expect(await lint(more)).toEqual(expected)
  })

  test('two labels of one name', async () => {
    const egg = await eggOf({ ...good, docker_images: ['x/y:1', 'x/y:1'] })
    expect(lintEgg(egg).map(({ code }) => code)).toEqual(['EGG_LABEL_DUPLICATE'])
  })

  test('every finding says what to do', async () => {
    const egg = await eggOf({
      ...good,
      docker_images: { a: ' x' },
      startup: '{{ A }}',
      variables: [variable('A', 'x', 'string|')],
    })
    for (const { message, fix } of lintEgg(egg)) {
      expect(fix).toMatch(/[.]$/)
      expect(message.endsWith(fix)).toBe(true)
    }
  })
})

describe('fixEgg', () => {
  test('makes the edits, values first, then what goes', async () => {
    const egg = await eggOf({
      ...good,
      docker_images: { a: ' x/y:1' },
      variables: [variable('A', 'x', '|string|'), variable('B', 'x', 'string'), variable('A', 'y', 'string')],
      ...withScript('a\r\nb'),
    })
    const fixed = fixEgg(egg, lintEgg(egg))
    expect(fixed.images[0]?.value).toBe('x/y:1')
    expect(fixed.variables.map(({ envVariable, defaultValue }) => envVariable + defaultValue)).toEqual(['Bx', 'Ay'])
    expect(fixed.install?.script).toBe('a\nb')
    expect(lintEgg(fixed)).toEqual([])
    expect(egg.images[0]?.value).toBe(' x/y:1')
  })

  test('passes over an edit that does not fit', async () => {
    const egg = await eggOf(good)
    const edit = { op: 'remove', path: '/__proto__/toString' } as const
    const finding = { code: 'EGG_MATCH', severity: 'info', pointer: '', message: '', fix: '', edit } as const
    expect(fixEgg(egg, [finding])).toEqual(egg)
  })

  test('any egg is answered, and what a machine can mend is mended at once', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(hatcheryForm, async (form) => {
        const egg = await eggOf(form)
        const findings = lintEgg(egg)
        expect(lintEgg(egg)).toEqual(findings)
        const left = lintEgg(fixEgg(egg, findings)).filter(({ edit }) => edit)
        expect(left).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})

test('the docs have a line for every code', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
  const union = read('../model.ts').split('type EggDiagnosticCode =')[1] ?? ''
  const codes = Array.from(union.matchAll(/'(EGG_\w+)'/g), ([, code]) => code)
  const page = read('../../../docs/eggs/findings.md')
  const told = new Set(Array.from(page.matchAll(/`(EGG_\w+)`/g), ([, code]) => code))
  expect(told).toEqual(new Set(codes))
})

describe.skipIf(!hasCorpus)('published eggs', { timeout: 60_000 }, () => {
  test('are seldom called wrong', async () => {
    const counts = new Map<string, number>()
    for (const { path, valid } of corpusRows()) {
      if (!valid) continue
      const egg = await eggOf(new TextDecoder().decode(readCorpusFile(path)), path)
      for (const { severity, code } of lintEgg(egg)) {
        if (severity === 'error') counts.set(code, (counts.get(code) ?? 0) + 1)
      }
    }
    // Two eggs of TShock have null for their start command.
    expect([...counts]).toEqual([['EGG_NO_STARTUP', 2]])
  })
})
