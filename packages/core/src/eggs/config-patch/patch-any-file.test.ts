import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { configFilesOf } from '../config-files.ts'
import { corpusRows, hasCorpus, labServer, readCorpusFile } from '../corpus.test-data.ts'
import { parseEgg } from '../parse.ts'
import { patchConfigFile } from './patch-config-file.ts'
import { ConfigPatchError, type ConfigParser, type ConfigReplacement } from './replacement.ts'

const set = (match: string, value: unknown, ifValue: string | null = null): ConfigReplacement => ({
  match,
  value,
  ifValue,
})
async function errorOf(run: Promise<unknown>): Promise<unknown> {
  try {
    await run
    return undefined
  } catch (error) {
    return error
  }
}

describe.skipIf(!hasCorpus)('corpus', () => {
  test(
    'every file of every egg can be made from nothing, and stays as it is the second time',
    { timeout: 60_000 },
    async () => {
      for (const { path } of corpusRows()) {
        const { egg } = await parseEgg(readCorpusFile(path), { fileName: path })
        for (const file of egg ? configFilesOf(egg, labServer) : []) {
          const once = await patchConfigFile(file.parser, '', file.replace, { dockerInterface: '172.18.0.1' })
          const twice = await patchConfigFile(file.parser, once, file.replace, { dockerInterface: '172.18.0.1' })
          expect([path, file.path, twice]).toEqual([path, file.path, once])
        }
      }
    },
  )
})

describe('every parser', () => {
  test('ends on files made to hold it up', { timeout: 30_000 }, async () => {
    const long = 200_000
    const files: Partial<Record<ConfigParser, readonly string[]>> = {
      properties: ['\\'.repeat(long), `a${' '.repeat(long)}b`, 'a=\\\n'.repeat(long / 4)],
      ini: [`x=${' '.repeat(long)}y`, `[${'] '.repeat(long)}x`, `x=${' ;'.repeat(long)}`, 'x'.repeat(long)],
      json: [
        '['.repeat(long),
        ' '.repeat(long),
        '\n'.repeat(long),
        `{"${'\\"'.repeat(long)}`,
        `{"a":${'\n'.repeat(long)}1}`,
        `/*${'/*'.repeat(long)}`,
      ],
      xml: [
        `<a${' '.repeat(long)}b="1"/>`,
        '<a>'.repeat(long),
        '<a b="'.repeat(long),
        `<a>${'<![CDATA['.repeat(long)}]]></a>`,
        `<a${' b="1"'.repeat(long / 4)}/>`,
      ],
      toml: [
        `a = "${'\\"'.repeat(long)}`,
        `${'a.'.repeat(long)}b = 1`,
        `a = ${'['.repeat(long)}`,
        `${' '.repeat(long)}=`,
        '"'.repeat(long),
      ],
      yaml: [
        '- '.repeat(long / 4),
        '['.repeat(long),
        '? '.repeat(long / 4),
        `a: ${'&a '.repeat(1000)}`,
        'a: b\n'.repeat(long / 10),
        `a: "${'\\n'.repeat(long / 4)}"`,
      ],
    }
    for (const [parser, texts] of Object.entries(files)) {
      for (const text of texts) {
        const error = await errorOf(
          patchConfigFile(parser as ConfigParser, text, [set('a', 'v'), set('x.y', 'v', 'regex:(v*)*w')]),
        )
        expect(error === undefined || error instanceof ConfigPatchError).toBe(true)
      }
    }
  })

  const PARSERS: readonly ConfigParser[] = ['file', 'properties', 'ini', 'json', 'yaml', 'xml', 'toml']

  test('ends on any text and any rule: a text, or a reason', { timeout: 60_000 }, async () => {
    const rule = fc.record({
      match: fc.oneof(
        fc.string(),
        fc.constantFrom('a.b', 'a[0].b', 'a.*.b', '[a.b].c', '', '__proto__.x', '*', 'a..b'),
      ),
      ifValue: fc.option(
        fc.oneof(
          fc.string(),
          fc.string().map((source) => `regex:${source}`),
        ),
      ),
      value: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    })
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.constantFrom(
            'a',
            '=',
            ':',
            ' ',
            '\n',
            '\r\n',
            '[',
            ']',
            '{',
            '}',
            '"',
            "'",
            '<',
            '>',
            '/',
            '#',
            '-',
            'b',
            '.',
            '1',
            ',',
            '\\',
            '&x',
            '*x',
            '|',
          ),
          { maxLength: 25 },
        )
        .map((parts) => parts.join('')),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...PARSERS),
        text,
        fc.array(rule, { maxLength: 3 }),
        async (parser, input, rules) => {
          const error = await errorOf(patchConfigFile(parser, input, rules, { dockerInterface: '172.18.0.1' }))
          expect(error === undefined || error instanceof ConfigPatchError).toBe(true)
          expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
