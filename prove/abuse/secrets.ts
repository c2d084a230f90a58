import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CONTRACTS } from '@hatchery/core/api'
import { createGameServer, eggFor, waitForState } from '../../test/game-server.ts'
import { ADMIN, startProduct, type Product } from '../../test/product.ts'
import { pathOf } from './mutations.ts'
import type { Report } from './report.ts'
import { NOWHERE, sampleOf } from './samples.ts'

const THEME = 'secrets'
const PLANTED = {
  'password of a user': 'planted-user-password-7Q',
  'password after its change': 'planted-new-password-9W',
  'wrong password': 'planted-wrong-password-8Z',
  'command of the console': 'say planted-console-word-1C',
  'value of a hidden variable': 'planted-hidden-value-4H',
}

/** Secrets of every kind in a running product, at its loudest log, and a search for them in all that it says and keeps. */
export async function huntSecrets(report: Report): Promise<void> {
  await using product = await startProduct({ args: ['--runtime', 'process', '--log-level', 'trace'] })
  const server = await createGameServer(product, {
    name: 'Quiet',
    startup: `exec node -e 'console.log("ready");setInterval(()=>{},1000)'`,
    start: true,
  })
  const { secrets, callers } = await plant(product, server.id)
  const answers = await crawl(product, callers, server.id)
  for (const [name, secret] of secrets) {
    for (const { who, what, text } of answers) {
      report.tried(THEME)
      // Administrators fill variables in, so they read them.
      const isOwn = who === 'administrator' && what === 'getStartup' && name === 'value of a hidden variable'
      if (!isOwn && text.includes(secret))
        report.found(THEME, `an answer holds the ${name}`, `${who} ${what}: ${around(text, secret)}`)
    }
  }
  for (const { who, what, text } of answers) {
    if (/\$argon2|\$2y\$|"(?:password|secret|token)_?hash"|_encrypted/i.test(text))
      report.found(THEME, 'an answer holds a hash', `${who} ${what}: ${text.slice(0, 300)}`)
  }

  // Of the processes: what any user of the machine can read, and what children inherit.
  for (const pid of processesBelow(product.pid)) {
    for (const file of ['cmdline', 'environ']) {
      const text = readSafely(`/proc/${pid}/${file}`)
      for (const [name, secret] of secrets) {
        const isOwn = file === 'environ' && pid === product.pid && name === 'password of the administrator'
        report.expect(
          THEME,
          isOwn || !text.includes(secret),
          `${file} of a process holds the ${name}`,
          `${pid} ${readSafely(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 200)}`,
        )
      }
    }
  }
  const agentPid = product.agentPid ?? 0
  const mask = readSafely(`/proc/${agentPid}/environ`)
  report.expect(THEME, !mask.includes('HATCHERY_ADMIN_PASSWORD'), 'the agent inherits the administrator’s password')

  // Both databases are locked while their owners live.
  await product.client.powerServer({ params: { server: server.id }, body: { action: 'kill' } })
  await waitForState(product.client, server.id, 'offline')
  await product.stop()
  for (const [name, secret] of [...secrets, ...keysOnDisk(product)]) {
    report.expect(
      THEME,
      !product.log().includes(secret),
      `the log of the panel holds the ${name}`,
      around(product.log(), secret),
    )
    for (const file of filesOf(product.dataDirectory)) {
      const isKeptHere = KEPT.some(([of, where]) => of === name && where.test(file))
      const text = readSafely(file)
      report.expect(
        THEME,
        isKeptHere || !text.includes(secret),
        `a file holds the ${name}`,
        `${path.relative(product.dataDirectory, file)}: ${around(text, secret).slice(0, 200)}`,
      )
    }
  }
}

/** Where a secret has to be in clear: its own file, and what an agent needs to run a server. */
const KEPT: readonly (readonly [string, RegExp])[] = [
  ['master key', /master\.key$/],
  ['secret of the node', /agent[^/]*\.sqlite/],
  ['value of a hidden variable', /agent[^/]*\.sqlite/],
]

/** A server of the planted user with a variable that its owner may not see. */
async function hiddenVariable(client: Product['client']): Promise<void> {
  const egg = JSON.parse(eggFor({ name: 'Hiding', startup: 'exec sleep 1000 {{RCON_PASSWORD}}' })) as object
  const variable = {
    name: 'Password',
    description: '',
    env_variable: 'RCON_PASSWORD',
    default_value: '',
    user_viewable: false,
    user_editable: false,
    rules: 'nullable|string',
  }
  const { data: nests } = await client.listNests({})
  const imported = await client.importEgg({
    body: { nest: nests[0]!.id, text: JSON.stringify({ ...egg, variables: [variable] }), onExisting: 'create' },
  })
  const { data: users } = await client.listUsers({})
  const { server } = await client.createServer({
    body: {
      name: 'Hiding',
      egg: imported.id,
      owner: users.find(({ username }) => username === 'planted')!.id,
      limits: { memoryMiB: 64, swapMiB: 0, diskMiB: 64, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 },
      variables: { RCON_PASSWORD: PLANTED['value of a hidden variable'] },
    },
  })
  await waitForState(client, server.id, 'offline')
  hiding = server.id
}

let hiding = NOWHERE

interface Caller {
  readonly who: string
  readonly headers: Record<string, string>
}

async function plant({ url, client, apiKey }: Product, server: string) {
  const post = (target: string, body: unknown, headers: Record<string, string> = {}, method = 'POST') =>
    fetch(`${url}/api/v1${target}`, {
      method,
      headers: { 'content-type': 'application/json', origin: url, ...headers },
      body: JSON.stringify(body),
    })
  await client.createUser({
    body: { email: 'planted@example.com', username: 'planted', password: PLANTED['password of a user'] },
  })
  const login = (password: string, who = 'planted') => post('/auth/sign-in', { login: who, password })
  await login(PLANTED['wrong password'])
  await login(PLANTED['wrong password'], PLANTED['wrong password'])
  const signedIn = await login(PLANTED['password of a user'])
  const cookies = signedIn.headers.getSetCookie().map((value) => value.split(';')[0] ?? '')
  const cookie = cookies.join('; ')
  await post('/account/password', { current: PLANTED['wrong password'], password: 'x' }, { cookie })
  await post(
    '/account/password',
    { current: PLANTED['password of a user'], password: PLANTED['password after its change'] },
    { cookie },
  )
  const key = (await (
    await post('/account/api-keys', { name: 'planted' }, { cookie, 'idempotency-key': 'planted' })
  ).json()) as { secret: string }
  await hiddenVariable(client)
  const { data: nodes } = await client.listNodes({})
  const token = await client.createEnrolmentToken({ params: { node: nodes[0]!.id } })
  await client
    .sendCommand({ params: { server }, body: { command: PLANTED['command of the console'] } })
    .catch(() => null)
  const secrets = new Map<string, string>([
    ['password of the administrator', ADMIN.password],
    ['password of a user', PLANTED['password of a user']],
    ['password after its change', PLANTED['password after its change']],
    ['wrong password', PLANTED['wrong password']],
    ['secret of an administrator’s API key', apiKey.split('_')[2]!],
    ['secret of an API key', key.secret.split('_')[2]!],
    ['enrolment token', token.token],
    ['value of a hidden variable', PLANTED['value of a hidden variable']],
    ...cookies.map((value) => [`cookie ${value.split('=')[0]}`, value.slice(value.indexOf('=') + 1)] as const),
  ])
  const callers: Caller[] = [
    { who: 'anonymous', headers: {} },
    { who: 'user', headers: { cookie } },
    { who: 'administrator', headers: { authorization: `Bearer ${apiKey}` } },
    { who: 'nobody', headers: { authorization: `Bearer ${apiKey}x`, cookie: `${cookie}x` } },
  ]
  return { secrets, callers }
}

/** Every endpoint as every caller: reads as they are, writes with a body that is refused. */
async function crawl({ url, client }: Product, callers: readonly Caller[], server: string) {
  const answers: { who: string; what: string; text: string }[] = []
  const known = {
    server,
    node: (await client.listNodes({})).data[0]!.id,
    user: (await client.listUsers({})).data[0]!.id,
    egg: (await client.listEggs({})).data[0]!.id,
    operation: (await client.listOperations({})).data[0]?.id ?? NOWHERE,
  }
  const endpoints = [...CONTRACTS].flatMap(([name, contract]) => [
    { name, contract, of: known },
    // The same of the server with a hidden variable.
    ...(contract.method === 'GET' && contract.path.includes(':server')
      ? [{ name, contract, of: { ...known, server: hiding } }]
      : []),
  ])
  for (const { who, headers } of callers) {
    for (const { name, contract, of: ids } of endpoints) {
      const isRead = contract.method === 'GET'
      const names = [...contract.path.matchAll(/:(\w+)/g)].map(([, of = '']) => of)
      const params = Object.fromEntries(names.map((of) => [of, isRead ? (ids[of as 'server'] ?? NOWHERE) : NOWHERE]))
      const sample = contract.body ? sampleOf(contract.body) : undefined
      const broken =
        typeof sample === 'object' && sample !== null
          ? { ...sample, password: 5, name: 5, current: 5, text: 5, ip: 5 }
          : sample
      const answer = await fetch(url + pathOf(contract, params), {
        method: contract.method,
        headers: { ...headers, ...(isRead ? {} : { 'content-type': 'application/json' }) },
        ...(isRead || name === 'signOut' ? {} : { body: JSON.stringify(broken ?? {}) }),
      })
      const kept = [...answer.headers].map(([key, value]) => `${key}: ${value}`).join('\n')
      answers.push({ who, what: name, text: `${kept}\n${await answer.text()}` })
    }
  }
  return answers
}

/** The keys that the product made for itself. */
function keysOnDisk({ dataDirectory }: Product): [string, string][] {
  const found: [string, string][] = []
  for (const file of filesOf(dataDirectory)) {
    if (file.endsWith('master.key')) {
      const text = readFileSync(file, 'latin1').trim()
      found.push(['master key', text])
    }
    if (/agent[^/]*\.sqlite$/.test(file)) {
      const state = new DatabaseSync(file, { readOnly: true })
      const row = state.prepare('select secret from identity').get() as { secret: string } | undefined
      if (row) found.push(['secret of the node', row.secret])
      state.close()
    }
  }
  if (found.length < 2)
    throw new Error(`The keys of the product were not found, only ${found.map(([name]) => name).join()}.`)
  return found
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
}

function processesBelow(root: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = /^PPid:\s+(\d+)/m.exec(readSafely(`/proc/${name}/status`))?.[1]
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const found = [root]
  for (const pid of found) found.push(...[...parents].filter(([, parent]) => parent === pid).map(([child]) => child))
  return found
}

/** As bytes in text; empty for what has gone meanwhile. */
function readSafely(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    // The process or the file has ended.
    return ''
  }
}

function around(text: string, secret: string): string {
  const at = text.indexOf(secret)
  return at === -1 ? '' : `…${text.slice(Math.max(0, at - 150), at)}<secret>`
}
