#!/usr/bin/env node
import process from 'node:process'
import { EXIT, type CommandIo } from './command-io.ts'
import { eggCommand } from './egg-command.ts'

const HELP = `hatchery-core: the command line of @hatchery/core

Usage: npx @hatchery/core egg inspect|lint|convert|diff FILE… [options]
       npx @hatchery/core egg --help`

const io: CommandIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  now: () => performance.now(),
}

async function run([command, ...rest]: readonly string[]): Promise<number> {
  if (command === 'egg') return eggCommand(rest, io)
  const wantsHelp = command === 'help' || command === '--help' || command === '-h'
  const output = wantsHelp ? io.stdout : io.stderr
  output.write(`${HELP}\n`)
  return wantsHelp ? EXIT.clean : EXIT.usage
}

// The reader of a pipe may leave early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

void run(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
