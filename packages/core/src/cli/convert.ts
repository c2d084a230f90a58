import { mkdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { exportEgg, type ExportFormat } from '../eggs/index.ts'
import { EXIT, UsageError, type CommandIo } from './command-io.ts'
import { eachEgg, headline } from './each-egg.ts'
import { findEggFiles, type EggFile } from './egg-files.ts'
import { parseOptions } from './egg-options.ts'
import { findingLines } from './finding-lines.ts'
import { printable, type Paint } from './terminal.ts'

const FORMATS: readonly ExportFormat[] = ['PTDL_v2', 'PLCN_v3', 'calagopus', 'hatchery']

const HELP = `Writes eggs in another format and says what that format cannot hold.

Usage: egg convert FILE… --to FORMAT [--yaml] [--out FILE|FOLDER] [--force] [--json]

Options:
  --to FORMAT   ${FORMATS.join(', ')}
  --yaml        YAML instead of JSON; PTDL_v2 has JSON only
  --out NAME    the file to write; for several eggs the folder, in which they keep their place and name. Without it the
                one egg is written to standard output and the losses to standard error
  --force       replaces files that are there
  --json        one line per file: {"file", "status", "format", "to", "output", "text", "losses": [{"code", "pointer",
                "message"}], "changes", "diagnostics"}; text is there where no file is written, changes are what means
                the same and is written in another way

Exit codes: 0 nothing is lost, 1 something is, 2 a file is not readable, 64 called wrongly.`

export async function convertCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values, files } = parseOptions(argv, {
    to: { type: 'string' },
    yaml: { type: 'boolean', default: false },
    out: { type: 'string' },
    force: { type: 'boolean', default: false },
  })
  if (values.help) {
    io.stdout.write(`${HELP}\n`)
    return EXIT.clean
  }
  if (files.length === 0) throw new UsageError('Name a file, a folder or a pattern.')
  const format = FORMATS.find((name) => name.toLowerCase() === values.to?.toLowerCase())
  if (!format) throw new UsageError(`Say --to one of ${FORMATS.join(', ')}.`)
  if (format === 'PTDL_v2' && values.yaml) throw new UsageError('PTDL_v2 is JSON; leave --yaml out.')
  const encoding = values.yaml ? 'yaml' : 'json'
  const outputOf = await placeOutput(files, values.out, encoding)

  // Standard output is the egg itself; a person reads the rest beside it.
  return eachEgg({ files, json: values.json, to: values.json ? 'stdout' : 'stderr' }, io, async (read, paint) => {
    const { egg, diagnostics } = read
    if (egg === null) {
      const data = { format: read.format, to: format, output: null, losses: [], changes: [], diagnostics }
      return { status: 'unreadable', data, lines: [headline(read, paint), ...findingLines(diagnostics, paint)] }
    }
    const { text, losses, changes } = await exportEgg(egg, format, { encoding, dialect: 'pterodactyl' })
    const output = outputOf(read)
    if (output !== null) await write(output, text, values.force)
    else if (!values.json) io.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
    const data = {
      format: read.format,
      to: format,
      output,
      ...(output === null && { text }),
      losses,
      changes,
      diagnostics,
    }
    const shown = output === null && losses.length === 0 ? [] : [`${headline(read, paint)} → ${output ?? format}`]
    return { status: losses.length > 0 ? 'findings' : 'clean', data, lines: [...shown, ...lossLines(losses, paint)] }
  })
}

const lossLines = (losses: Awaited<ReturnType<typeof exportEgg>>['losses'], paint: Paint): string[] =>
  losses.map(({ code, pointer, message }) => {
    return `  ${paint('yellow', 'lost')} ${paint('dim', code)} ${paint('cyan', printable(pointer))} ${printable(message)}`
  })

/** Where each egg is written to; null is standard output. */
async function placeOutput(
  files: readonly string[],
  out: string | undefined,
  encoding: 'json' | 'yaml',
): Promise<(file: EggFile) => string | null> {
  const found = await findEggFiles(files)
  const isSeveral = found.some(({ isFound }, index) => isFound || index > 0)
  if (out === undefined) {
    if (isSeveral) throw new UsageError('Name the folder to write several eggs to: --out FOLDER.')
    return () => null
  }
  const isFolder = isSeveral || out.endsWith('/') || out.endsWith(path.sep) || (await isDirectory(out))
  if (!isFolder) return () => out
  const nameOf = ({ relative }: EggFile) =>
    path.join(out, path.dirname(relative), `${path.parse(relative).name}.${encoding}`)
  const taken = new Map<string, string>()
  for (const file of found) {
    const name = nameOf(file)
    const other = taken.get(name)
    if (other !== undefined)
      throw new UsageError(`${other} and ${file.file} would both become ${name}; convert them apart.`)
    taken.set(name, file.file)
  }
  return nameOf
}

async function isDirectory(name: string): Promise<boolean> {
  try {
    return (await stat(name)).isDirectory()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

async function write(file: string, text: string, isForced: boolean): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text, { flag: isForced ? 'w' : 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'EEXIST')
      throw new UsageError(`${file} is there already; --force replaces it.`, { cause: error })
    throw new UsageError(`${file} cannot be written (${String(error.code)}).`, { cause: error })
  }
}
