import {
  ConfigPatchError,
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
  type ConfigParser,
  type Egg,
} from '@hatchery/core/eggs'
import { labServer } from '../../packages/core/src/eggs/corpus.test-data.ts'

/** An input is a few texts; the first line of the comment says what each one is. A target throws where a promise is broken. */
export interface Target {
  readonly name: string
  readonly seeds: readonly (readonly string[])[]
  readonly run: (texts: readonly string[]) => Promise<void> | void
}

/** A promise that does not hold. */
export class Broken extends Error {}

function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Broken(what)
}

/** Refusing a file is allowed, anything else is not. */
async function patch(
  parser: ConfigParser,
  text: string,
  replacements: Parameters<typeof patchConfigFile>[2],
): Promise<string | undefined> {
  try {
    return await patchConfigFile(parser, text, replacements, { dockerInterface: '172.18.0.1' })
  } catch (error) {
    if (error instanceof ConfigPatchError) return undefined
    throw error
  }
}

/** file, file name */
async function parsing([file = '', fileName = '']: readonly string[]): Promise<void> {
  const { egg, diagnostics } = await parseEgg(file, { fileName })
  hold(egg !== null || diagnostics.length > 0, 'an egg that is not read says why')
  for (const { message, pointer } of diagnostics) {
    hold(message.length > 0, 'a finding is a sentence')
    hold(pointer === '' || pointer.startsWith('/'), 'a finding has a place')
  }
  if (egg) await using(egg)
}

async function using(egg: Egg): Promise<void> {
  hold(JSON.stringify(JSON.parse(JSON.stringify(egg))) === JSON.stringify(egg), 'an egg is JSON')
  lintEgg(egg)
  hold(diffEggs(egg, egg).length === 0, 'nothing differs from itself')
  for (const panel of ['hatchery', 'pterodactyl', 'pelican'] as const) processConfiguration(egg, labServer, { panel })
  for (const { parser, replace } of configFilesOf(egg, labServer)) await patch(parser, '', replace)
  for (const feature of featuresOf(egg)) matchFeature(featuresOf(egg), feature)
  hold(renderStartup(egg, labServer) === renderStartup(egg, labServer), 'a start command is a function of its egg')
  for (const [name, value] of Object.entries(environmentOf(egg, labServer))) {
    hold(typeof value === 'string', `the environment holds texts, ${name} too`)
  }
  for (const format of ['PTDL_v2', 'PLCN_v3', 'calagopus', 'hatchery'] as const) {
    const { text } = await exportEgg(egg, format)
    const again = await parseEgg(text)
    hold(again.format === format && again.egg !== null, `what is written as ${format} can be read`)
  }
}

/** rules as a text, value, value of the variable B */
function rules([written = '', value = '', other = '']: readonly string[]): void {
  for (const list of [written, written.split('\n')]) {
    const compiled = compileRules(list)
    for (const laravel of [11, 13] as const) {
      for (const given of [value, null, undefined]) {
        const { ok, failed, messages } = validateValue(compiled, given, {
          laravel,
          environment: { B: other },
          name: 'A',
        })
        hold(ok === (failed.length === 0), 'what passes has failed no rule')
        hold(failed.length === messages.length && messages.every(Boolean), 'each failed rule has a sentence')
      }
    }
    const input = describeRules(list)
    for (const option of [...(input.options ?? []), ...(input.values ?? [])]) {
      hold(validateValue(compiled, option).ok, 'what a form offers passes')
    }
  }
}

/** file, match, value, condition */
function patching(parser: ConfigParser) {
  return async ([file = '', match = '', value = '', ifValue = '']: readonly string[]): Promise<void> => {
    const plain = { match, ifValue: null, value }
    const once = await patch(parser, file, [plain])
    // A line that was exchanged may begin like another match; everywhere else a second run finds its own value.
    if (once !== undefined && (parser !== 'file' || value.startsWith(match)) && !/[\r\n]/.test(match)) {
      const twice = await patch(parser, once, [plain])
      hold(twice === once, 'a second run changes nothing')
    }
    await patch(parser, file, [
      { match, ifValue, value },
      { match: `${match}.x`, ifValue: null, value: true },
    ])
    await patch(parser, file, { [match]: { [ifValue]: value }, x: 1 })
  }
}

const SIMPLE_HOLE = /\{\{([A-Za-z_]\w*)\}\}/g

/** start command, value of A, value of B */
function startup([command = '', a = '', b = '']: readonly string[]): void {
  const egg = { startupCommands: [], variables: [variable('A', a), variable('B', b)] } as unknown as Egg
  const values: Readonly<Record<string, string>> = { A: a, B: b }
  const server = { ...labServer, variables: {} }
  const known = environmentOf(egg, server, '')
  const expected = command.replace(SIMPLE_HOLE, (hole, name: string) =>
    Object.hasOwn(known, name) && name !== 'STARTUP' ? (values[name] ?? known[name] ?? hole) : hole,
  )
  hold(renderStartup(egg, server, command) === expected, 'a hole is filled once, and what fills it is not looked at')
  const other = { ...egg, variables: [variable('A', 'x'), variable('B', 'y')] } as Egg
  const shell = (one: Egg) => environmentOf(one, server, command)['STARTUP']
  hold(shell(egg) === shell(other), 'a value does not get into the command that a shell reads')
}

const variable = (envVariable: string, defaultValue: string) => ({
  name: envVariable,
  description: '',
  envVariable,
  defaultValue,
  userViewable: true,
  userEditable: true,
  rules: [],
  sort: null,
  unknown: [],
})

/** The targets, with what they start from. */
export function targetsFor(seeds: {
  readonly eggs: readonly (readonly [string, string])[]
  readonly rules: readonly (readonly [string, string])[]
  readonly files: Readonly<Record<ConfigParser, readonly string[]>>
}): readonly Target[] {
  const PLACES = ['a', 'a.b', 'a[0].b', 'a.*.b', '[a.b].c', "r.p[@name='x'].@value"]
  return [
    { name: 'parse', seeds: seeds.eggs, run: parsing },
    { name: 'rules', seeds: seeds.rules.map(([list, value]) => [list, value, '1']), run: rules },
    ...(Object.keys(seeds.files) as ConfigParser[]).map((parser) => ({
      name: parser,
      seeds: seeds.files[parser].flatMap((file) => PLACES.map((place) => [file, place, '25565', 'regex:^(.*)$'])),
      run: patching(parser),
    })),
    { name: 'startup', seeds: [['java -jar {{A}} {{B}} ${A:+{{B}}} $B', '{{B}}', '$(id)']], run: startup },
  ]
}
