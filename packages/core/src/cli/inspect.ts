import { describeRules, featuresOf, stopMethodOf, type Egg } from '../eggs/index.ts'
import { UsageError, type CommandIo } from './command-io.ts'
import { eachEgg, headline } from './each-egg.ts'
import { parseOptions } from './egg-options.ts'
import { findingLines } from './finding-lines.ts'
import { counted, printable, type Paint } from './terminal.ts'

const HELP = `Says what an egg holds.

Usage: egg inspect FILE… [--json]

With --json, one line per file: {"file", "status", "format", "egg", "diagnostics"}. status is clean, findings, unreadable
or skipped (found in a folder, and no egg); egg is null where nothing could be read.

Exit codes: 0 clean, 1 findings, 2 a file is not readable, 64 called wrongly.`

export async function inspectCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values, files } = parseOptions(argv, {})
  if (values.help) {
    io.stdout.write(`${HELP}\n`)
    return 0
  }
  if (files.length === 0) throw new UsageError('Name a file, a folder or a pattern.')
  return eachEgg({ files, json: values.json }, io, (read, paint) => {
    const { egg, format, diagnostics } = read
    const status = egg === null ? 'unreadable' : diagnostics.length > 0 ? 'findings' : 'clean'
    return {
      status,
      data: { format, egg, diagnostics },
      lines: [headline(read, paint), ...(egg ? describe(egg, paint) : []), ...findingLines(diagnostics, paint)],
    }
  })
}

function describe(egg: Egg, paint: Paint): string[] {
  const line = (label: string, text: string) => `  ${paint('dim', label.padEnd(10))} ${printable(text)}`
  const labelled = (items: Egg['images']) =>
    items.map(({ label, value }) => (label === value ? value : `${label}: ${value}`))
  const stop = stopMethodOf(egg)
  return [
    egg.author !== '' && line('author', egg.author),
    ...labelled(egg.images).map((text) => line('image', text)),
    ...labelled(egg.startupCommands).map((text) => line('startup', text)),
    ...egg.config.done.map((text) => line('ready', text)),
    line(
      'stop',
      stop.type === 'command' ? `types ${stop.command}` : stop.type === 'signal' ? stop.signal : 'by the engine',
    ),
    egg.features.length > 0 && line('features', featuresOf(egg).join(', ')),
    ...egg.config.files.map(({ path, parser, replace }) =>
      line('file', `${path} (${parser}, ${counted(replace.length, 'value')})`),
    ),
    ...egg.variables.map(({ envVariable, defaultValue, rules }) =>
      line(
        'variable',
        `${envVariable} = ${JSON.stringify(defaultValue)} (${describeRules(rules).kind}; ${rules.join('|')})`,
      ),
    ),
    egg.install !== null &&
      line('install', `${counted(egg.install.script.split('\n').length, 'line')} in ${egg.install.container}`),
  ].filter((text) => text !== false)
}
