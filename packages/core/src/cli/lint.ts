import { lintEgg } from '../eggs/index.ts'
import { UsageError, type CommandIo } from './command-io.ts'
import { eachEgg, headline } from './each-egg.ts'
import { parseOptions } from './egg-options.ts'
import { findingLines } from './finding-lines.ts'
import type { Finding } from './read-egg-file.ts'

const LEVELS = ['info', 'warning', 'error'] as const

const HELP = `Says what of an egg will not work and what is risky, each with what to do.

Usage: egg lint FILE… [--level LEVEL] [--json]

Options:
  --level LEVEL   leaves out what is less than this: info, warning or error   (default info)
  --json          one line per file: {"file", "status", "format", "name", "findings": [{"severity", "code", "pointer",
                  "message", …}]}

A clean file of a folder is counted, not listed. status is clean, findings, unreadable or skipped (found in a folder, and no
egg).

Exit codes: 0 clean, 1 findings, 2 a file is not readable, 64 called wrongly.`

export async function lintCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values, files } = parseOptions(argv, { level: { type: 'string', default: 'info' } })
  if (values.help) {
    io.stdout.write(`${HELP}\n`)
    return 0
  }
  if (files.length === 0) throw new UsageError('Name a file, a folder or a pattern.')
  const level = LEVELS.findIndex((name) => name === values.level)
  if (level === -1) throw new UsageError(`--level ${values.level} is not known; use ${LEVELS.join(', ')}.`)
  return eachEgg({ files, json: values.json }, io, (read, paint) => {
    const { egg, format, diagnostics } = read
    const all: readonly Finding[] = egg ? [...diagnostics, ...lintEgg(egg)] : diagnostics
    const findings = all.filter(({ severity }) => LEVELS.indexOf(severity) >= level)
    const status = egg === null ? 'unreadable' : findings.length > 0 ? 'findings' : 'clean'
    return {
      status,
      data: { format, name: egg?.name ?? null, findings },
      lines: status === 'clean' && read.isFound ? [] : [headline(read, paint), ...findingLines(findings, paint)],
    }
  })
}
