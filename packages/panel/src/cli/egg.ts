import { readFile } from 'node:fs/promises'
import { parseEgg } from '@hatchery/core/eggs'
import { UsageError } from './options.ts'
import type { CommandIo } from './run-command.ts'

const HELP = `Reads egg files of any Pterodactyl or Pelican version.

Usage: hatchery egg inspect FILE… [--json]

Exit code 0: readable, 1: readable with findings, 2: not readable.`

/** `hatchery egg inspect`: says what an egg file holds and what is wrong with it. Needs neither panel nor agent. */
export async function eggCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = argv
  if (verb === undefined || argv.includes('--help')) {
    io.stdout.write(`${HELP}\n`)
    return 0
  }
  const files = rest.filter((argument) => argument !== '--json')
  if (verb !== 'inspect' || files.length === 0) throw new UsageError(HELP)
  let worst = 0
  for (const file of files) {
    const { egg, format, diagnostics } = await parseEgg(await readFile(file))
    worst = Math.max(worst, egg === null ? 2 : diagnostics.length > 0 ? 1 : 0)
    if (argv.includes('--json')) {
      io.stdout.write(`${JSON.stringify({ file, format, egg, diagnostics })}\n`)
      continue
    }
    io.stdout.write(
      egg
        ? `${file}: ${egg.name} (${format}), ${egg.variables.length} variables, ${egg.images.length} images\n`
        : `${file}: not readable\n`,
    )
    for (const { severity, pointer, message } of diagnostics)
      io.stdout.write(`  ${severity} ${pointer || '/'}: ${message}\n`)
  }
  return worst
}
