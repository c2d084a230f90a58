import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { patchConfigFile } from './patch-config-file.ts'
import type { ConfigParser, ConfigReplacement } from './replacement.ts'

/** A generated file, and where in it which text stands. */
interface Generated {
  readonly text: string
  readonly places: readonly { readonly match: string; readonly value: string }[]
}

const word = fc.stringMatching(/^[a-z]{1,6}$/)
/** What a person may put as a value; no type but text, and nothing that a notation would have to escape. */
const value = fc
  .stringMatching(/^[a-z][a-zA-Z0-9/.]{0,8}$/)
  .filter((text) => !/^(?:true|false|null|yes|no|on|off|y|n|inf|nan)$/i.test(text))
const comment = fc.constantFrom('', 'why', 'a = b', '"quoted"', 'x: y', 'é 日', '<b>', '{}')
const gap = fc.constantFrom('', ' ', '  ', '\t')
const entries = fc.uniqueArray(fc.record({ key: word, value, comment, gap }), {
  minLength: 1,
  maxLength: 6,
  selector: ({ key }) => key,
})
const sections = fc.uniqueArray(fc.record({ name: word, entries, comment }), {
  minLength: 1,
  maxLength: 4,
  selector: ({ name }) => name,
})

type Entry = { readonly key: string; readonly value: string; readonly comment: string; readonly gap: string }
type Section = { readonly name: string; readonly entries: readonly Entry[]; readonly comment: string }

const flat = (write: (entry: Entry) => string, matchOf: (entry: Entry) => string) =>
  entries.map((list): Generated => ({
    text: list.map(write).join(''),
    places: list.map((entry) => ({ match: matchOf(entry), value: entry.value })),
  }))

const nested = (write: (list: readonly Section[]) => string, matchOf: (section: Section, entry: Entry) => string) =>
  sections.map((list): Generated => ({
    text: write(list),
    places: list.flatMap((section) =>
      section.entries.map((entry) => ({ match: matchOf(section, entry), value: entry.value })),
    ),
  }))

const dotted = ({ name }: Section, { key }: Entry) => `${name}.${key}`
const note = (sign: string, text: string) => (text === '' ? '' : `${sign} ${text}\n`)

const FILES: Readonly<Record<ConfigParser, fc.Arbitrary<Generated>>> = {
  file: flat(
    ({ key, value: text, comment: remark }) => `${note('//', remark)}${key}_ = ${text}\n`,
    ({ key }) => `${key}_ = `,
  ),
  properties: flat(
    ({ key, value: text, comment: remark, gap: space }) =>
      `${note('#', remark)}${space}${key}${space}=${space}${text}\n`,
    ({ key }) => key,
  ),
  ini: nested(
    (list) =>
      list
        .map(
          ({ name, entries: own, comment: remark }) =>
            `${note(';', remark)}[${name}]\n${own.map((entry) => `${entry.gap}${entry.key}${entry.gap}=${entry.gap}${entry.value}${entry.comment === '' ? '' : ` ; ${entry.comment}`}\n`).join('')}\n`,
        )
        .join(''),
    dotted,
  ),
  json: nested(
    (list) =>
      `{\n${list
        .map(
          ({ name, entries: own, comment: remark }) =>
            `  /* ${remark} */ "${name}": {${own.map((entry) => `${entry.gap}"${entry.key}":${entry.gap}"${entry.value}"`).join(`,${'\n'}`)}}`,
        )
        .join(',\n')}\n}\n`,
    dotted,
  ),
  yaml: nested(
    (list) =>
      list
        .map(
          ({ name, entries: own, comment: remark }) =>
            `${note('#', remark)}${name}:\n${own.map((entry) => `  ${entry.key}: ${entry.value}${entry.comment === '' ? '' : ` # ${entry.comment}`}\n`).join('')}`,
        )
        .join('\n'),
    dotted,
  ),
  xml: nested(
    (list) =>
      `<?xml version="1.0"?>\n<root>\n${list
        .map(
          ({ name, entries: own, comment: remark }) =>
            `  <!-- ${remark} -->\n  <${name}>${own.map((entry) => `${entry.gap}<${entry.key} k="1">${entry.value}</${entry.key}>`).join('\n')}</${name}>\n`,
        )
        .join('')}</root>\n`,
    ({ name }, { key }) => `root.${name}.${key}`,
  ),
  toml: nested(
    (list) =>
      list
        .map(
          ({ name, entries: own, comment: remark }) =>
            `${note('#', remark)}[${name}]\n${own.map((entry) => `${entry.key}${entry.gap}=${entry.gap}"${entry.value}"${entry.comment === '' ? '' : ` # ${entry.comment}`}\n`).join('')}`,
        )
        .join('\n'),
    dotted,
  ),
}

const set = (parser: ConfigParser, match: string, text: string): ConfigReplacement => ({
  match,
  ifValue: null,
  value: parser === 'file' ? match + text : text,
})

describe.each(Object.keys(FILES) as ConfigParser[])('%s', (parser) => {
  const written = fc.record({
    file: FILES[parser],
    end: fc.constantFrom('\n', '\r\n'),
    mark: fc.constantFrom('', '\uFEFF'),
  })

  test('what already stands there is left alone, byte by byte', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(written, async ({ file, end, mark }) => {
        const text = mark + file.text.replaceAll('\n', end)
        const same = file.places.map(({ match, value: present }) => set(parser, match, present))
        expect(await patchConfigFile(parser, text, same)).toBe(text)
      }),
    )
  })

  test('another value and then the old one again: the file is as it was', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        written,
        fc.array(value, { minLength: 1, maxLength: 6 }),
        async ({ file, end, mark }, values) => {
          const text = mark + file.text.replaceAll('\n', end)
          const chosen = file.places.slice(0, values.length)
          const changed = await patchConfigFile(
            parser,
            text,
            chosen.map(({ match }, index) => set(parser, match, values[index] ?? '')),
          )
          for (const [index, { match }] of chosen.entries()) {
            const seen = await patchConfigFile(parser, changed, [
              { ...set(parser, match, 'seen'), ifValue: values[index] ?? '' },
            ])
            expect(seen).not.toBe(changed)
          }
          const restored = chosen.map(({ match, value: present }) => set(parser, match, present))
          expect(await patchConfigFile(parser, changed, restored)).toBe(text)
        },
      ),
    )
  })

  test('what is added moves no line that was there', { timeout: 60_000 }, async () => {
    if (parser === 'file') return
    const places = fc.array(fc.tuple(word, word, value), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(written, places, fc.nat(3), async ({ file, end }, added, number) => {
        const text = file.text.replaceAll('\n', end)
        // Into a part that is there, and into one that is not.
        const prefix = file.places[number]?.match.replace(/[^.]*$/, '') ?? ''
        const replacements = added.map(([first, second, wanted], index) =>
          set(parser, index % 2 === 0 ? `${prefix}new${first}` : `new${first}.new${second}`, wanted),
        )
        const lines = (await patchConfigFile(parser, text, replacements)).split(end)
        // A comma, or the end of an element, may follow on the line.
        let at = 0
        for (const line of text.split(end)) {
          const bare = line
            .replace(/(?:<\/\w+>)?$/, '')
            .replace(/\}?,?$/, '')
            .trimEnd()
          while (at < lines.length && lines[at]?.startsWith(bare) !== true) at++
          expect([line, at < lines.length]).toEqual([line, true])
          at++
        }
      }),
    )
  })

  test('any value is set once and for all: a second run changes nothing', { timeout: 60_000 }, async () => {
    const anything = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary-ascii' }),
      fc.integer(),
      fc.boolean(),
    )
    const missing = fc.array(fc.tuple(word, word, anything), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(written, fc.array(anything, { maxLength: 4 }), missing, async ({ file, end }, values, added) => {
        const text = file.text.replaceAll('\n', end)
        const replacements = [
          ...file.places.slice(0, values.length).map(({ match }, index) => {
            const wanted = values[index]
            return parser === 'file'
              ? { ...set(parser, match, String(wanted)) }
              : { match, ifValue: null, value: wanted }
          }),
          ...added.map(([first, second, wanted]) => ({ match: `new${first}.${second}`, ifValue: null, value: wanted })),
        ]
        const once = await patchConfigFile(parser, text, replacements)
        expect(await patchConfigFile(parser, once, replacements)).toBe(once)
      }),
      { numRuns: 200 },
    )
  })
})
