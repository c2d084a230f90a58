import { describe, expect, test } from 'vitest'
import { corpusRows, fixture, hasCorpus, readCorpusFile } from './corpus.test-data.ts'
import { lintEgg } from './lint.ts'
import { parseEgg } from './parse.ts'

const lint = async (input: object | string, fileName = 'egg.json') => {
  const { egg } = await parseEgg(input, { fileName })
  if (!egg) throw new Error('the egg was not read')
  return lintEgg(egg).map(({ code, pointer }) => `${code} ${pointer}`)
}

describe('lintEgg', () => {
  test('finds nothing in a good egg', async () => {
    expect(await lint(fixture('proxy-plcn-v1.json'))).toEqual([])
    expect(await lint(fixture('chat-plcn-v2.json'))).toEqual([])
  })

  test('says what will not work and what is risky', async () => {
    const variable = (env_variable: string, default_value: string, rules: string) => ({
      name: 'x',
      env_variable,
      default_value,
      rules,
    })
    const egg = {
      meta: { version: 'PTDL_v2' },
      name: 'x',
      docker_images: { a: ' ghcr.io/x/y:1', b: 'ghcr.io:443/x/y', c: 'x@sha256:0' },
      config: { stop: '^^C', startup: { done: '' } },
      variables: [
        variable('HOSTNAME', 'x', 'string'),
        variable('A', 'no', 'required|boolean'),
        variable('B', '', 'required'),
        variable('C', 'x', 'sting'),
        variable('D', 'x', 'regex:^x$'),
      ],
    }
    expect(await lint(egg)).toEqual([
      'EGG_IMAGE_NAME /images/0/value',
      'EGG_IMAGE_NAME /images/1/value',
      'EGG_NO_STARTUP /startupCommands',
      'EGG_NO_DONE /config/done/0',
      'EGG_STOP_KILLS /config/stop',
      'EGG_VARIABLE_RESERVED /variables/0/envVariable',
      'EGG_DEFAULT_INVALID /variables/1/defaultValue',
      'EGG_RULE_UNKNOWN /variables/3/rules',
      'EGG_RULE_BROKEN /variables/3/rules',
      'EGG_RULE_BROKEN /variables/4/rules',
    ])
  })

  test.skipIf(!hasCorpus)('no published egg has a rule that nobody knows', { timeout: 60_000 }, async () => {
    for (const { path, valid } of corpusRows()) {
      if (!valid) continue
      const { egg } = await parseEgg(readCorpusFile(path), { fileName: path })
      const unknown = egg ? lintEgg(egg).filter(({ code }) => code === 'EGG_RULE_UNKNOWN') : []
      expect([path, unknown]).toEqual([path, []])
    }
  })
})
