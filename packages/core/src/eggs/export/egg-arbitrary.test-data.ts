import fc from 'fast-check'

/** Letters that mean something in YAML, JSON or PHP, at the beginning or elsewhere. */
const marks = [
  ...' \n\r\t:#-?[]{},&*!|>\'"%@`~<=\\/$^.0123456789eExXoObB_+yYnNtfulsATZ',
  ...'\u0085\u2028\ufeff\u00a0\u0007\u007f\u0001😀',
  '\ud800',
  '\udc00',
]
const ofMarks = fc.array(fc.constantFrom(...marks), { maxLength: 6 }).map((parts) => parts.join(''))
/** Words that some reader takes for something else than text, and texts that a writer may fold. */
const taken = fc.constantFrom(
  ...['y', 'no', 'on', 'null', 'Null', '.inf', '<<', '=', '1_000', '0b1', '12:30:45', '1e3', '+1', '.5', '5.', '---'],
  ...['...', '\r', '007', '-0', '0.0', '9007199254740993', '1e-7', 'word '.repeat(30), 'word\n'.repeat(30)],
  ...[' '.repeat(90), 'x'.repeat(200), 'toString', 'hasOwnProperty', 'length'],
)

/** Texts that formats trip over: numbers, words, quotes, ends of lines, placeholders, odd keys. */
const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('', 'a', 'Name', 'true', '8377', '1.20', '0o17', '0x1F', '~', '[]', '{}', '1', '-'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'a\nb',
      'a\r\nb\n',
      '\n\n',
      ' x ',
      '# x',
      'a: b',
      "it's",
      '"q"',
      'a\\b',
      '\t',
      '/',
      '&<>',
      '2024-01-01',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '__proto__',
      'constructor',
      'ÄÖ',
      '😀',
      '\ud800',
      '\u2028',
      '\u00a0',
      '\ufeff',
      '\u0085',
      '\u007f',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((value) => value.replaceAll('\0', '')) },
  { weight: 2, arbitrary: ofMarks },
  { weight: 2, arbitrary: taken },
)
const placeholder = fc
  .constantFrom(
    'server.build.default.port',
    'server.build.env.HOSTNAME',
    'server.allocations.default.ip',
    'server.environment.A',
    'env.HOME',
    'env.SERVER_PORT',
    'server.build.memory_limit',
    'server.build.memory',
    'server.meta.name',
    'server.build.oom_disabled',
    'config.docker.interface',
    'A',
  )
  .map((name) => `x{{${name}}}y`)
const scalar = fc.oneof(text, placeholder, fc.boolean(), fc.integer(), fc.constantFrom(0.5, 1e300))
const labelled = fc.record({ label: text, value: text })
const known = fc.constantFrom(
  'version',
  'installation',
  'content',
  'tags',
  'separate_port',
  'meta',
  'parser',
  'rules',
  'field_type',
  'stop',
  'replace',
  'done',
)
const unknown = fc.record({
  key: fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: known }),
  json: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
})
const names = [
  'A',
  'B_1',
  'HOSTNAME',
  'hostname',
  'HOME',
  'SERVER_PORT',
  'SERVER_HOSTNAME',
  'P_SERVER_UUID',
  'odd-name.',
]
const rule = fc.oneof(
  fc.constantFrom(
    'required',
    'string',
    'nullable',
    'Nullable',
    'nullable:string',
    'bool',
    'max:20',
    'in:a,b',
    'present',
    '',
  ),
  fc.constantFrom('regex:/^(a|b)$/', 'AlphaDash', 'sometimes', 'digits_between:1,5', 'zoo'),
)
const few = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 })

const replacement = fc.record(
  {
    match: text,
    ifValue: fc.option(fc.oneof(text, fc.constant('regex:^a')), { freq: 2 }),
    value: fc.oneof({ weight: 6, arbitrary: scalar }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) }),
    insertNew: fc.boolean(),
    updateExisting: fc.boolean(),
  },
  { requiredKeys: ['match', 'ifValue', 'value'] },
)
const configFile = fc.record({
  path: fc.oneof(text, fc.constant('server.properties')),
  parser: fc.constantFrom('file', 'properties', 'ini', 'json', 'yaml', 'yml', 'xml', 'toml', 'zoo'),
  createFile: fc.boolean(),
  replace: few(replacement),
  unknown: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: few(unknown) }),
})
const variable = fc.record(
  {
    name: text,
    description: text,
    envVariable: fc.constantFrom(...names),
    defaultValue: text,
    userViewable: fc.boolean(),
    userEditable: fc.boolean(),
    rules: few(rule),
    sort: fc.option(fc.oneof(fc.nat(20), fc.constantFrom(-1, 70_000))),
    secret: fc.boolean(),
    nameTranslations: few(labelled),
    descriptionTranslations: few(labelled),
    unknown: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: few(unknown) }),
  },
  {
    requiredKeys: [
      'name',
      'description',
      'envVariable',
      'defaultValue',
      'userViewable',
      'userEditable',
      'rules',
      'sort',
    ],
  },
)
const optional = fc.option(text)

/** Hatchery's own form of an egg, as `parseEgg` takes it. */
export const hatcheryForm = fc.record(
  {
    hatchery: fc.constant(1),
    name: text,
    author: text,
    description: text,
    uuid: optional,
    updateUrl: optional,
    exportedAt: optional,
    comment: optional,
    icon: optional,
    tags: few(text),
    features: few(text),
    images: few(labelled),
    startupCommands: few(labelled),
    fileDenylist: few(text),
    config: fc.record({
      files: few(configFile),
      done: few(text),
      stripAnsi: fc.boolean(),
      stop: fc.oneof(text, fc.constantFrom('^C', '^^C', '^SIGTERM', 'stop', 'SIGINT', '^x', ' ')),
      stopType: fc.option(fc.constantFrom('command', 'signal', 'runtime')),
      logs: fc.option(fc.constantFrom('{}', '{"custom":false,"location":"a"}')),
      startupUnknown: few(unknown),
      unknown: few(unknown),
      source: fc.record(
        {
          files: fc.constantFrom('{}', '{"a":{"parser":"json","find":{}}}', '{'),
          startup: fc.constant('{"done":"a"}'),
        },
        { requiredKeys: [] },
      ),
    }),
    install: fc.option(
      fc.record({
        script: fc.oneof(text, fc.constant('echo $HOSTNAME ${hostname:-x}')),
        container: text,
        entrypoint: text,
      }),
    ),
    variables: fc.array(variable, { maxLength: 4 }),
    forceOutgoingIp: fc.boolean(),
    separatePort: fc.boolean(),
    unknown: few(unknown),
    metaUnknown: few(unknown),
    scriptsUnknown: few(unknown),
    installUnknown: few(unknown),
  },
  { requiredKeys: ['hatchery', 'name', 'config', 'variables', 'images', 'startupCommands'] },
)
