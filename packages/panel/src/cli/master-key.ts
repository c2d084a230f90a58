import path from 'node:path'
import { parseArgs } from 'node:util'
import { rotateMasterKey } from '../secrets/rotate-master-key.ts'
import { createLog } from '../system/log.ts'
import { UsageError } from './options.ts'
import type { CommandIo } from './run-command.ts'

const HELP = `Replaces the key that secrets in the panel's database are encrypted under.

Usage: hatchery master-key rotate [--data-dir DIR]

Options:
  --data-dir DIR   data directory of the panel, which holds master.key (default .hatchery)

Environment:
  HATCHERY_DATABASE_URL   the database, where it is not the SQLite file of the data directory

Stop every panel first. The command makes a new master.key, keeps the one before in master.key.previous until every secret is
encrypted under the new one, and removes it then. Interrupted, it goes on when it is run again. Copy the new master.key to the
other machines that run a panel before you start them.`

/** `hatchery master-key …`, on a database that no panel uses. */
export async function masterKeyCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      'data-dir': { type: 'string', default: '.hatchery' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help || positionals.length === 0) {
    io.stdout.write(`${HELP}\n`)
    return 0
  }
  if (positionals.join(' ') !== 'rotate')
    throw new UsageError(`There is no command master-key ${positionals.join(' ')}.`)
  const directory = path.resolve(values['data-dir'])
  const { resealed, unreadable } = await rotateMasterKey({
    directory,
    database: io.env['HATCHERY_DATABASE_URL'] || `sqlite:${path.join(directory, 'panel.sqlite')}`,
    now: Date.now,
    log: createLog('warn'),
    onProgress: (count) => io.stderr.isTTY && io.stderr.write(`\r${count} secrets`),
  })
  if (io.stderr.isTTY) io.stderr.write('\n')
  if (unreadable.length > 0) {
    io.stderr.write(
      `${unreadable.length} values open with neither key and were left as they are:\n${unreadable.slice(0, 20).join('\n')}\n` +
        'master.key.previous is kept. Set these secrets anew (a node: enrol it again), then run the command once more.\n',
    )
    return 1
  }
  io.stdout.write(`${resealed} secrets are encrypted under the new master.key. Back it up; the one before is gone.\n`)
  return 0
}
