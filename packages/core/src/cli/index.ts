export { eggCommand } from './egg-command.ts'
export type { CommandIo, CommandOutput } from './command-io.ts'
