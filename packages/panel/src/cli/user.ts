import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Client } from '@hatchery/core/sdk'
import { connectLocally } from './local-access.ts'
import { UsageError } from './options.ts'
import type { CommandIo } from './run-command.ts'

const HELP = `Manages users of the panel that runs on this machine.

Usage: hatchery user list
       hatchery user create --email E-MAIL --username NAME [--admin]
       hatchery user password E-MAIL

Options:
  --data-dir DIR   data directory of the running panel (default .hatchery)

A new password is made, set and printed once.`

/** `hatchery user …`, through the API of the running panel: one process owns the database. */
export async function userCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      'data-dir': { type: 'string', default: '.hatchery' },
      email: { type: 'string' },
      username: { type: 'string' },
      admin: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const [verb, email] = positionals
  if (values.help || verb === undefined) {
    io.stdout.write(`${HELP}\n`)
    return 0
  }
  const client = connectLocally(path.resolve(values['data-dir']))
  if (!client) throw new Error(`No panel runs on ${values['data-dir']}. Start it with \`npm start\` first.`)
  switch (verb) {
    case 'list':
      for (const user of (await client.listUsers({ query: { limit: 100 } })).data) {
        io.stdout.write(`${user.email}\t${user.username}\t${user.isAdmin ? 'administrator' : 'user'}\t${user.state}\n`)
      }
      return 0
    case 'create': {
      if (!values.email || !values.username) throw new UsageError(HELP)
      const password = newPassword()
      await client.createUser({
        body: { email: values.email, username: values.username, password, isAdmin: values.admin },
      })
      io.stdout.write(`${values.email} was created with the password ${password}\n`)
      return 0
    }
    case 'password': {
      if (!email) throw new UsageError(HELP)
      const password = newPassword()
      await client.updateUser({ params: { user: await findUser(client, email) }, body: { password } })
      io.stdout.write(`The password of ${email} is now ${password}\n`)
      return 0
    }
    default:
      throw new UsageError(`There is no command user ${verb}.`)
  }
}

async function findUser(client: Client, email: string): Promise<string> {
  const { data } = await client.listUsers({ query: { search: email, limit: 100 } })
  const user = data.find((one) => one.email.toLowerCase() === email.toLowerCase())
  if (!user) throw new Error(`There is no user ${email}.`)
  return user.id
}

/** 20 characters of 62: 119 bits. */
function newPassword(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from(randomBytes(64))
    .filter((byte) => byte < 248)
    .slice(0, 20)
    .map((byte) => letters[byte % 62])
    .join('')
}
