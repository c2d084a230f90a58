import { EXIT, UsageError, type CommandIo } from './command-io.ts'

const HELP = `Reads, checks, converts and compares egg files of Pterodactyl, Pelican, Calagopus and Hatchery.

Usage: egg VERB FILE… [options]

Verbs:
  inspect FILE…               what an egg holds
  lint FILE…                  what will not work and what is risky, each with what to do
  convert FILE… --to FORMAT   writes it in another format and says what that format cannot hold
  diff OLD NEW                what an update changes for a server that uses the egg

FILE is a JSON or YAML file, a folder (all .json, .yaml and .yml below it), a pattern such as 'eggs/**/*.json', or - for
standard input.

Options of all verbs:
  --json    one JSON object per line and file, for machines
  --help    this text, or that of one verb: egg lint --help

Exit codes: 0 clean, 1 findings, 2 a file is not readable, 64 called wrongly.
NO_COLOR takes the colours away.`

/**
 * `egg inspect|lint|convert|diff`: needs neither panel nor agent. Answers the exit code: 0 clean, 1 findings, 2 a file is not
 * readable, 64 called wrongly. Whatever an egg holds, it is reported, never thrown.
 *
 * @param argv what follows `egg`
 */
export async function eggCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = argv
  try {
    switch (verb) {
      case 'inspect':
        return await (await import('./inspect.ts')).inspectCommand(rest, io)
      case 'lint':
        return await (await import('./lint.ts')).lintCommand(rest, io)
      case 'convert':
        return await (await import('./convert.ts')).convertCommand(rest, io)
      case 'diff':
        return await (await import('./diff.ts')).diffCommand(rest, io)
      case undefined:
      case 'help':
      case '--help':
      case '-h':
        io.stdout.write(`${HELP}\n`)
        return verb === undefined ? EXIT.usage : EXIT.clean
      default:
        throw new UsageError(`There is no verb ${verb}; use inspect, lint, convert or diff.`)
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    io.stderr.write(`${error.message}\nSee: egg ${verb ?? ''} --help\n`)
    return EXIT.usage
  }
}
