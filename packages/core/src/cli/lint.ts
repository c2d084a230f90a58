import { lintEgg } from '../eggs/index.ts'
import { UsageError, type CommandIo } from './command-io.ts'
import { eachEgg, headline } from './each-egg.ts'
import { parseOptions } from './egg-options.ts'
import { findingLines } from './finding-lines.ts'
import { fixFile } from './fix-file.ts'
import type { Finding } from './read-egg-file.ts'
import { counted } from './terminal.ts'

const LEVELS = ['info', 'warning', 'error'] as const

const HELP = `Says what of an egg will not work and what is risky, each with what to do.

Usage: egg lint FILE… [--level LEVEL] [--fix] [--json]

Options:
  --level LEVEL   leaves out what is less than this: info, warning or error   (default info)
  --fix           makes the corrections that need no decision in the files themselves (PTDL_v2, PLCN_v3, Calagopus,
                  Hatchery); the rest is listed as before
  --json          one line per file: {"file", "status", "format", "name", "fixed", "findings": [{"severity", "code",
                  "pointer", "message", "fix", "edit"}]}; edit, where there is one, is what --fix does

A clean file of a folder is counted, not listed. status is clean, findings, unreadable or skipped (found in a folder, and no
egg).

Exit codes: 0 clean, 1 findings, 2 a file is not readable, 64 called wrongly.`

export async function lintCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values, files } = parseOptions(argv, {
    level: { type: 'string', default: 'info' },
    fix: { type: 'boolean', default: false },
  })
  if (values.help) {
    io.stdout.write(`${HELP}\n`)
    return 0
  }
  if (files.length === 0) throw new UsageError('Name a file, a folder or a pattern.')
  if (values.fix && files.includes('-')) throw new UsageError('Standard input cannot be corrected; name a file.')
  const level = LEVELS.findIndex((name) => name === values.level)
  if (level === -1) throw new UsageError(`--level ${values.level} is not known; use ${LEVELS.join(', ')}.`)
  const isShown = ({ severity }: Finding) => LEVELS.indexOf(severity) >= level

  return eachEgg({ files, json: values.json }, io, async (found, paint) => {
    const fixes = values.fix && found.egg ? lintEgg(found.egg).filter(isShown) : []
    const { read, count } = await fixFile(found, fixes, io)
    const { egg, format, diagnostics } = read
    const findings = (egg ? [...diagnostics, ...lintEgg(egg)] : diagnostics).filter(isShown)
    const status = egg === null ? 'unreadable' : findings.length > 0 ? 'findings' : 'clean'
    const fixed = count > 0 ? ` ${paint('green', `${counted(count, 'finding')} corrected`)}` : ''
    return {
      status,
      data: { format, name: egg?.name ?? null, fixed: count, findings },
      lines:
        status === 'clean' && read.isFound && count === 0
          ? []
          : [headline(read, paint) + fixed, ...findingLines(findings, paint)],
    }
  })
}
