import process from 'node:process'
import { eggCommand as runEggCommand } from '@hatchery/core/cli'
import type { CommandIo } from './run-command.ts'

/** `hatchery egg …`: the same command that `@hatchery/core` has by itself. Needs neither panel nor agent. */
export const eggCommand = (argv: readonly string[], io: CommandIo): Promise<number> =>
  runEggCommand(argv, { ...io, stdin: process.stdin })
