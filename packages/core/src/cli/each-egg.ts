import { EXIT, type CommandIo } from './command-io.ts'
import { findEggFiles } from './egg-files.ts'
import { Progress } from './progress.ts'
import { readEggFile, type ReadEgg } from './read-egg-file.ts'
import { counted, paintFor, printable, type Paint } from './terminal.ts'

export type Status = 'clean' | 'findings' | 'unreadable' | 'skipped'

/** What a verb says about one file. */
export interface Report {
  readonly status: Status
  /** The line for machines, without `file` and `status`. */
  readonly data: Readonly<Record<string, unknown>>
  /** Lines for a person; none where there is nothing to say. */
  readonly lines: readonly string[]
}

export interface EachEggOptions {
  readonly files: readonly string[]
  readonly json: boolean
  /** Where the lines for a person and for machines go. @default 'stdout' */
  readonly to?: 'stdout' | 'stderr'
}

/** Runs a verb over every file that the names stand for, one after the other, and answers the exit code. */
export async function eachEgg(
  { files, json, to = 'stdout' }: EachEggOptions,
  io: CommandIo,
  report: (read: ReadEgg, paint: Paint) => Report | Promise<Report>,
): Promise<number> {
  const sources = await findEggFiles(files)
  const progress = new Progress(io, sources.length)
  const output = io[to]
  const paint = paintFor(output, io.env)
  const counts: Record<Status, number> = { clean: 0, findings: 0, unreadable: 0, skipped: 0 }
  for (const source of sources) {
    const read = await readEggFile(source, io)
    const { status, data, lines } = read.isOther ? skipped(read) : await report(read, paint)
    counts[status]++
    const text = json ? JSON.stringify({ file: source.file, status, ...data }) : lines.join('\n')
    if (text !== '') {
      progress.clear()
      output.write(`${text}\n`)
    }
    progress.step(source.file)
  }
  progress.clear()
  if (!json && sources.some(({ isFound }, index) => isFound || index > 0))
    output.write(`${summary(counts, sources.length, paint)}\n`)
  if (counts.unreadable > 0) return EXIT.unreadable
  return counts.findings > 0 ? EXIT.findings : EXIT.clean
}

const skipped = ({ diagnostics }: ReadEgg): Report => ({ status: 'skipped', data: { diagnostics }, lines: [] })

function summary(counts: Readonly<Record<Status, number>>, total: number, paint: Paint): string {
  const parts = [
    counts.clean > 0 && paint('green', `${counts.clean} clean`),
    counts.findings > 0 && paint('yellow', `${counts.findings} with findings`),
    counts.unreadable > 0 && paint('red', `${counts.unreadable} not readable`),
    counts.skipped > 0 && paint('dim', `${counts.skipped} skipped: no eggs`),
  ].filter((part) => part !== false)
  return `${counted(total, 'file')}: ${parts.join(', ')}`
}

/** The first line of a file's report. */
export function headline({ file, egg, format }: ReadEgg, paint: Paint): string {
  const name = paint('bold', printable(file))
  return egg
    ? `${name}  ${printable(egg.name)} ${paint('dim', `(${format})`)}`
    : `${name}  ${paint('red', 'not readable')}`
}
