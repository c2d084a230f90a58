import { diffEggs, type EggChange, type EggEffect } from '../eggs/index.ts'
import { EXIT, UsageError, type CommandIo } from './command-io.ts'
import { headline } from './each-egg.ts'
import { parseOptions } from './egg-options.ts'
import { findingLines } from './finding-lines.ts'
import { readEggFile } from './read-egg-file.ts'
import { counted, paintFor, printable, type Colour, type Paint } from './terminal.ts'

const HELP = `Says what an update of an egg changes, and what each change means for a server that uses it.

Usage: egg diff OLD NEW [--json]

With --json, one line: {"old", "new", "status", "changes": [{"kind", "area", "subject", "pointer", "before", "after", "message",
"effect"}], "diagnostics"}. status is clean (nothing changes), findings or unreadable.

Exit codes: 0 nothing changes, 1 something changes, 2 a file is not readable, 64 called wrongly.`

const EFFECTS: Readonly<Record<EggEffect, string>> = {
  none: 'no effect on servers',
  'at-once': 'at once',
  'next-start': 'from the next start on',
  reinstall: 'only after a reinstallation',
  'value-needed': 'a value is needed',
  'values-may-fail': 'present values may no longer pass',
  'values-unused': 'a value is no longer read',
}
const URGENT: readonly EggEffect[] = ['value-needed', 'values-may-fail']

const SIGNS: Readonly<Record<EggChange['kind'], readonly [sign: string, colour: Colour]>> = {
  added: ['+', 'green'],
  removed: ['-', 'red'],
  changed: ['~', 'yellow'],
  renamed: ['~', 'yellow'],
  moved: ['~', 'yellow'],
}

/** Longer texts, such as scripts, are told by their size. */
const SHOWN_LENGTH = 160

export async function diffCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values, files } = parseOptions(argv, {})
  if (values.help) {
    io.stdout.write(`${HELP}\n`)
    return EXIT.clean
  }
  const [oldFile, newFile, further] = files
  if (oldFile === undefined || newFile === undefined || further !== undefined || oldFile === newFile) {
    throw new UsageError('Name two egg files: the old one and the new one.')
  }
  const read = (file: string) => readEggFile({ file, relative: file, isFound: false }, io)
  const before = await read(oldFile)
  const after = await read(newFile)
  const paint = paintFor(io.stdout, io.env)
  const say = (lines: readonly string[]) => io.stdout.write(`${lines.join('\n')}\n`)

  const names = { old: oldFile, new: newFile }
  if (before.egg === null || after.egg === null) {
    const unread = [before, after].filter(({ egg }) => egg === null)
    const diagnostics = unread.flatMap(({ file, diagnostics: found }) => found.map((each) => ({ file, ...each })))
    if (values.json) say([JSON.stringify({ ...names, status: 'unreadable', changes: [], diagnostics })])
    else say(unread.flatMap((each) => [headline(each, paint), ...findingLines(each.diagnostics, paint)]))
    return EXIT.unreadable
  }
  const changes = diffEggs(before.egg, after.egg)
  const status = changes.length > 0 ? 'findings' : 'clean'
  if (values.json) say([JSON.stringify({ ...names, status, changes, diagnostics: [] })])
  else if (changes.length === 0) say(['Nothing changes.'])
  else say([...changeLines(changes, paint), '', counted(changes.length, 'change')])
  return EXIT[status]
}

function changeLines(changes: readonly EggChange[], paint: Paint): string[] {
  const lines: string[] = []
  let area: string | undefined
  for (const change of changes) {
    if (change.area !== area) lines.push(paint('bold', change.area))
    area = change.area
    const [sign, colour] = SIGNS[change.kind]
    const effect = paint(URGENT.includes(change.effect) ? 'red' : 'dim', `(${EFFECTS[change.effect]})`)
    lines.push(`  ${paint(colour, sign)} ${printable(change.message)} ${effect}`)
    if (change.before !== null && change.kind !== 'moved')
      lines.push(`      ${paint('red', `- ${shown(change.before)}`)}`)
    if (change.after !== null && change.kind !== 'moved')
      lines.push(`      ${paint('green', `+ ${shown(change.after)}`)}`)
  }
  return lines
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text.length <= SHOWN_LENGTH) return printable(text)
  return `${printable(text.slice(0, SHOWN_LENGTH))}… (${counted(text.length, 'character')})`
}
