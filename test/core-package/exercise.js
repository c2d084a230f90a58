// Uses @hatchery/core/eggs as its readers would, and answers what came out. The same in Node, in a browser, in a worker of either:
// the answers are compared with each other. Throws where something else comes out than it must.
import {
  compileRules,
  configFilesOf,
  describeRules,
  diffEggs,
  environmentOf,
  exportEgg,
  featuresOf,
  lintEgg,
  matchFeature,
  parseEgg,
  patchConfigFile,
  processConfiguration,
  renderStartup,
  validateValue,
} from '@hatchery/core/eggs'

const EGG = {
  meta: { version: 'PTDL_v2', update_url: null },
  exported_at: '2026-01-01T00:00:00+00:00',
  name: 'Exercise',
  author: 'tests@hatchery.example',
  description: null,
  features: ['eula'],
  docker_images: { 'Java 21': 'example/java:21' },
  file_denylist: [],
  startup: 'java -Xmx{{SERVER_MEMORY}}M -jar {{JAR}}',
  config: {
    files: '{"server.properties":{"parser":"properties","find":{"server-port":"{{server.build.default.port}}"}}}',
    startup: '{"done":"For help"}',
    logs: '{}',
    stop: 'stop',
  },
  scripts: { installation: { script: '#!/bin/sh\ntrue\n', container: 'example/install:1', entrypoint: 'sh' } },
  variables: [
    {
      name: 'Jar',
      description: '',
      env_variable: 'JAR',
      default_value: 'server.jar',
      user_viewable: true,
      user_editable: true,
      rules: 'required|regex:/^([\\w\\d._-]+)(\\.jar)$/',
      field_type: 'text',
    },
  ],
}

const YAML = `meta:
  version: PLCN_v3
name: Exercise
startup_commands: { Default: ./run }
docker_images: { One: 'example/one:1' }
config: { files: {}, startup: { done: up }, logs: {}, stop: ^C }
`

const SERVER = {
  uuid: '00000000-0000-4000-8000-000000000001',
  name: 'Lab server',
  location: 'lab',
  image: 'example/java:21',
  memoryMiB: 4096,
  swapMiB: 512,
  diskMiB: 10_240,
  cpuPercent: 200,
  ioWeight: 500,
  threads: null,
  isOomKillerEnabled: true,
  allocation: { ip: '192.0.2.10', port: 25_565, alias: null },
  furtherAllocations: [],
  allocationLimit: 3,
  timezone: 'UTC',
  variables: {},
}

/** What each parser makes of a file, and what it must become. */
const FILES = [
  ['file', '# c\nport 1\n', 'port', 'port 2', '# c\nport 2\n'],
  ['properties', '# c\na.port=1\n', 'a.port', '2', '# c\na.port=2\n'],
  ['ini', '; c\n[a]\nport = 1\n', 'a.port', '2', '; c\n[a]\nport = 2\n'],
  ['json', '{ "a": { "port": 1 } }', 'a.port', '2', '{ "a": { "port": 2 } }'],
  ['yaml', 'a: # c\n  port: 1\n', 'a.port', '2', 'a: # c\n  port: 2\n'],
  ['xml', '<a><!-- c --><port>1</port></a>', 'a.port', '2', '<a><!-- c --><port>2</port></a>'],
  ['toml', '# c\n[a]\nport = 1\n', 'a.port', '2', '# c\n[a]\nport = 2\n'],
]

export async function exercise() {
  const json = await parseEgg(JSON.stringify(EGG))
  const bytes = await parseEgg(new TextEncoder().encode(YAML))
  const broken = await parseEgg('{"meta":')
  const { egg } = json
  if (!egg || !bytes.egg) throw new Error('An egg was not read.')
  same(broken.egg, null, 'a broken egg')

  const exported = {}
  for (const [format, encoding] of [
    ['PTDL_v2', 'json'],
    ['PLCN_v3', 'json'],
    ['PLCN_v3', 'yaml'],
    ['calagopus', 'json'],
    ['hatchery', 'json'],
  ]) {
    const { text, losses } = await exportEgg(egg, format, { encoding })
    const again = await parseEgg(text)
    same(again.egg?.variables.length, 1, `${format} in ${encoding}`)
    exported[`${format} ${encoding}`] = { text, losses }
  }

  const patched = {}
  for (const [parser, text, match, value, wanted] of FILES) {
    patched[parser] = await patchConfigFile(parser, text, [{ match, ifValue: null, value }])
    same(patched[parser], wanted, parser)
  }

  const [{ rules }] = egg.variables
  const compiled = compileRules(rules)
  same(validateValue(compiled, 'server.jar').ok, true, 'a value that passes')
  same(validateValue(compiled, 'server.exe', { laravel: 11 }).ok, false, 'a value that fails')

  const configurations = {}
  for (const panel of ['hatchery', 'pterodactyl', 'pelican']) {
    configurations[panel] = processConfiguration(egg, SERVER, { panel })
  }
  const startup = renderStartup(egg, SERVER)
  same(startup, 'java -Xmx4096M -jar server.jar', 'the start command')
  return JSON.parse(
    JSON.stringify({
      formats: [json.format, bytes.format, broken.format],
      diagnostics: [json, bytes, broken].map(({ diagnostics }) => diagnostics),
      egg,
      exported,
      patched,
      refused: validateValue(compiled, 'server.exe'),
      described: describeRules(rules),
      configurations,
      configFiles: configFilesOf(egg, SERVER),
      startup,
      environment: environmentOf(egg, SERVER),
      findings: lintEgg(egg),
      changes: diffEggs(egg, bytes.egg),
      features: featuresOf(egg),
      asked: matchFeature(featuresOf(egg), 'You need to agree to the EULA in order to run the server.'),
    }),
  )
}

function same(actual, wanted, what) {
  if (actual !== wanted) {
    throw new Error(`${what}: ${JSON.stringify(wanted)} was expected, ${JSON.stringify(actual)} came out.`)
  }
}
