import path from 'node:path'
import { parseArgs } from 'node:util'

/** What `hatchery up` was asked for, from the command line and the environment. */
export interface UpOptions {
  readonly host: string
  readonly port: number
  readonly dataDirectory: string
  readonly runtime: 'auto' | 'docker' | 'process'
  readonly logLevel: string
  readonly isDemo: boolean
  readonly isJson: boolean
  /** Start an agent for this machine; `hatchery panel` does not. */
  readonly withAgent: boolean
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  /** Where other panels on the same database reach this one. */
  readonly internalUrl: string | null
  readonly publicUrl: string | null
  /** Further names that the panel answers to. */
  readonly allowedHosts: readonly string[]
  readonly trustedProxies: readonly string[]
  /** Addresses that eggs may be fetched from although they are not public. */
  readonly outboundAllow: readonly string[]
  /** Ports that a fresh installation offers to servers of this machine. */
  readonly ports: readonly string[]
  readonly adminEmail: string | null
  readonly adminPassword: string | null
}

/** The command line was not understood; the message says what is wrong. */
export class UsageError extends Error {}

const RUNTIMES = ['auto', 'docker', 'process'] as const
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

export const UP_HELP = `Runs the panel and, on this machine, a node agent.

Usage: npm start -- [options]        in a clone
       hatchery up [options]         as an installed package
       hatchery panel [options]      the panel alone

Options:
  --port PORT          port of the panel                         (default 8080)
  --host ADDRESS       address to listen on                      (default 127.0.0.1)
  --data-dir DIR       where everything is kept                  (default .hatchery)
  --runtime NAME       auto, docker or process                   (default auto)
  --log-level LEVEL    ${LOG_LEVELS.join(', ')}
                                                                 (default warn)
  --demo               also create a small demo server and start it
  --json               print one line of JSON when ready, progress on standard error
  --help               this text

Environment:
  HATCHERY_ADMIN_EMAIL, HATCHERY_ADMIN_PASSWORD   the first administrator, instead of a generated one
  HATCHERY_DATABASE_URL   postgres://… or mysql://… instead of the SQLite file
  HATCHERY_REDIS_URL      redis://…, needed by a second panel on the same database
  HATCHERY_INTERNAL_URL   where panels on other machines reach this one, such as http://10.0.0.5:8090
                          (default: a free port of the loopback address)
  HATCHERY_PUBLIC_URL     address that browsers use, such as https://panel.example.com
  HATCHERY_ALLOWED_HOSTS  further names that the panel answers to, such as panel.lan,*.example.com
  HATCHERY_PORTS          ports for servers of this machine at the first start (default 25565-25664)
  HATCHERY_TRUSTED_PROXIES  addresses or CIDR blocks of your proxies, with commas between
  HATCHERY_OUTBOUND_ALLOW   the same of hosts that eggs may be fetched from although they are not public

Ctrl-C stops panel and agent. Servers in Docker keep running; those of the process runtime are stopped gracefully.`

export function parseUpOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  withAgent: boolean,
): UpOptions {
  const { values } = parse(argv)
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--port ${values.port} is no port number.`)
  const runtime = RUNTIMES.find((name) => name === values.runtime)
  if (!runtime) throw new UsageError(`--runtime ${values.runtime} is not known. Use ${RUNTIMES.join(', ')}.`)
  if (!LOG_LEVELS.includes(values['log-level'])) {
    throw new UsageError(`--log-level ${values['log-level']} is not known. Use ${LOG_LEVELS.join(', ')}.`)
  }
  return {
    host: values.host,
    port,
    dataDirectory: path.resolve(values['data-dir']),
    runtime,
    logLevel: values['log-level'],
    isDemo: values.demo,
    isJson: values.json,
    withAgent,
    databaseUrl: env['HATCHERY_DATABASE_URL'] || null,
    redisUrl: env['HATCHERY_REDIS_URL'] || null,
    internalUrl: env['HATCHERY_INTERNAL_URL'] || null,
    publicUrl: env['HATCHERY_PUBLIC_URL'] || null,
    allowedHosts: list(env['HATCHERY_ALLOWED_HOSTS']),
    trustedProxies: list(env['HATCHERY_TRUSTED_PROXIES']),
    outboundAllow: list(env['HATCHERY_OUTBOUND_ALLOW']),
    ports: list(env['HATCHERY_PORTS'] || '25565-25664'),
    adminEmail: env['HATCHERY_ADMIN_EMAIL'] || null,
    adminPassword: env['HATCHERY_ADMIN_PASSWORD'] || null,
  }
}

function list(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        port: { type: 'string', default: '8080' },
        host: { type: 'string', default: '127.0.0.1' },
        'data-dir': { type: 'string', default: '.hatchery' },
        runtime: { type: 'string', default: 'auto' },
        'log-level': { type: 'string', default: 'warn' },
        demo: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
