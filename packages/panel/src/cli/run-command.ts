import { parseUpOptions, UP_HELP, UsageError } from './options.ts'
import type { UpIo } from './up/up.ts'

export interface CommandIo extends UpIo {
  readonly env: Readonly<Record<string, string | undefined>>
}

const HELP = `hatchery: game server hosting

Usage: hatchery COMMAND [options]

Commands:
  up          run the panel and the agent of this machine
  panel       run the panel alone
  agent       run the agent alone (needs @hatchery/daemon)
  egg         inspect, lint, convert and compare egg files
  master-key  replace the key that secrets in the database are encrypted under
  user        list users, create one, or set a password, on the running panel
  help        this text

\`hatchery COMMAND --help\` tells more.`

/** Runs one command of the command line; answers the exit code. Commands load only what they use. */
export async function runCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const [command, ...rest] = argv
  const wantsHelp = rest.includes('--help') || rest.includes('-h')
  try {
    switch (command) {
      case 'up':
      case 'panel': {
        if (wantsHelp) return say(io, UP_HELP)
        const options = parseUpOptions(rest, io.env, command === 'up')
        const { up } = await import('./up/up.ts')
        return await up(options, io)
      }
      case 'agent': {
        const { runAgent } = await import('./agent.ts')
        return await runAgent(rest)
      }
      case 'egg': {
        const { eggCommand } = await import('./egg.ts')
        return await eggCommand(rest, io)
      }
      case 'master-key': {
        const { masterKeyCommand } = await import('./master-key.ts')
        return await masterKeyCommand(rest, io)
      }
      case 'user': {
        const { userCommand } = await import('./user.ts')
        return await userCommand(rest, io)
      }
      case undefined:
      case 'help':
      case '--help':
      case '-h':
        return say(io, HELP)
      default:
        throw new UsageError(`There is no command ${command}.`)
    }
  } catch (error) {
    const isUsage = error instanceof UsageError
    io.stderr.write(
      `${error instanceof Error ? error.message : String(error)}\n${isUsage ? 'See `hatchery help`.\n' : ''}`,
    )
    if (!isUsage && error instanceof Error && io.env['HATCHERY_DEBUG']) io.stderr.write(`${error.stack}\n`)
    return isUsage ? 2 : 1
  }
}

function say(io: CommandIo, text: string): number {
  io.stdout.write(`${text}\n`)
  return 0
}
