import type { Random } from './random.ts'

/** Signs and words that the notations of eggs, rules, patterns and configuration files give a meaning to. */
const TOKENS = [
  ...'{}[]()<>"\'`|\\/:;,.=#!?*+-_&%$@^~ \t\n\r\0'.split(''),
  ...[
    '\r\n',
    '\uFEFF',
    '\u2028',
    'é',
    '日',
    '😀',
    '\ud800',
    '\u200b',
    '""',
    "''",
    '"""',
    "'''",
    '[[',
    ']]',
    '{{',
    '}}',
  ],
  ...[
    '{{server.build.env.A}}',
    '{{env.A}}',
    '{{config.docker.interface}}',
    '{{A}}',
    '${A}',
    '$1',
    '$$',
    '${1}',
    '^C',
    '^^C',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'null',
    'true',
    'false',
    'NaN',
    '0',
    '-0',
    '1e999',
    '01',
  ],
  ...[
    '9007199254740993',
    '1.5',
    '-1',
    '99999999999999999999',
    'a.b',
    'a[0].b',
    'a.*.b',
    '[a.b].c',
    '*',
    '..',
    '@x',
    '.0',
  ],
  ...['<!--', '-->', '<![CDATA[', ']]>', '<?', '?>', '<!DOCTYPE a [', '&amp;', '&x;', '</a>', '<a>', '<a/>', ' b="1"'],
  ...[
    '&a ',
    '*a',
    '<<: ',
    '- ',
    '? ',
    '| ',
    '>- ',
    '|+',
    '---\n',
    '...\n',
    '!!str ',
    '!!binary ',
    '%YAML 1.2\n',
    '# ',
    ': ',
  ],
  ...[
    'regex:',
    'required',
    'nullable',
    'integer',
    'numeric',
    'in:',
    'max:',
    'between:1,2',
    'required_if:environment.B,1',
  ],
  ...[
    'date_format:Y-m-d H:i',
    'gt:0',
    'digits_between:1,5',
    'after:2026-01-01',
    'uuid:4',
    'not_regex:',
    'exclude_if:',
    'sometimes',
    'bail',
  ],
  ...[
    '(a+)+$',
    '(?=',
    '(?<!',
    '(?>',
    '(?i)',
    '(?<n>',
    '\\1',
    '\\k<n>',
    '\\p{L}',
    '\\Q',
    '\\E',
    '[^',
    '[:alpha:]',
    '{1,',
    '{65535}',
    '*?',
    '++',
  ],
  ...[
    'PTDL_v1',
    'PTDL_v2',
    'PLCN_v1',
    'PLCN_v3',
    'hatchery',
    '"meta"',
    '"version"',
    '"variables"',
    '"rules"',
    '"config"',
    '"files"',
  ],
  ...[
    '"startup"',
    '"find"',
    '"parser"',
    '"scripts"',
    '"features"',
    '"docker_images"',
    '"uuid"',
    '"replace"',
    '"if_value"',
    'insert_new',
  ],
]

const MAX_LENGTH = 20_000

/** A changed copy: signs exchanged, pieces cut, doubled, moved, or taken from another text. */
export function mutateText(text: string, other: string, random: Random): string {
  let result = text
  for (let rounds = random.pick([1, 1, 1, 2, 3, 6]); rounds > 0; rounds--) result = mutateOnce(result, other, random)
  return result.slice(0, MAX_LENGTH)
}

function mutateOnce(text: string, other: string, random: Random): string {
  const from = random.below(text.length + 1)
  const to = Math.min(text.length, from + random.below(random.pick([2, 8, 40, 400])))
  const piece = text.slice(from, to)
  switch (random.below(10)) {
    case 0:
      return text.slice(0, from) + text.slice(to)
    case 1:
      return text.slice(0, to) + piece.repeat(random.pick([1, 2, 5, 40])) + text.slice(to)
    case 2:
      return (
        text.slice(0, from) + String.fromCharCode(random.below(random.pick([128, 256, 65_536]))) + text.slice(from + 1)
      )
    case 3: {
      const start = random.below(other.length + 1)
      return text.slice(0, from) + other.slice(start, start + random.below(60)) + text.slice(to)
    }
    case 4: {
      const at = random.below(text.length + 1)
      return text.slice(0, at) + piece + text.slice(at)
    }
    case 5:
      return text.slice(0, from) + random.pick(TOKENS).repeat(random.pick([1, 1, 1, 3, 50, 500])) + text.slice(to)
    default:
      return text.slice(0, from) + random.pick(TOKENS) + text.slice(random.chance(2) ? from : to)
  }
}
