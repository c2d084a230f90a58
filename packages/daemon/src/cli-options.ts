import { parseArgs } from 'node:util'
import { createWebClient, type WebOptions } from './outbound/index.ts'
import { readDirectOptions, type DirectOptions } from './direct/direct-options.ts'
import { readSshListen, type SshOptions } from './ssh/ssh-options.ts'
import { DRIVERS, type DriverChoice } from './volumes/index.ts'

export interface CliOptions {
  readonly panelUrl: string | undefined
  readonly dataDirectory: string
  readonly runtime: 'auto' | 'docker' | 'process'
  /** What holds the disk limits of servers. */
  readonly volumes: DriverChoice
  readonly tokenFile: string | undefined
  readonly readsTokenFromStdin: boolean
  readonly isReEnrolling: boolean
  readonly confirmsMove: boolean
  readonly subnetRange: string
  readonly stopTimeoutMs: number
  /** Where servers may fetch files from. */
  readonly web: Pick<WebOptions, 'allow' | 'deny' | 'hosts'>
  readonly direct: DirectOptions | undefined
  /** null serves no SSH. */
  readonly ssh: SshOptions | null
  readonly logLevel: string
  readonly isReadyJson: boolean
}

export const USAGE = `Usage: hatchery-agent [options]

Runs game servers on this machine for a Hatchery panel. It dials out to the panel and needs no inbound port.

  --panel URL              address of the panel; https, or http on this machine only. Not needed once enrolled
  --data-dir DIR           state, consoles and server files (default: .hatchery/agent)
  --runtime NAME           auto, docker or process (default: auto: docker where an engine answers)
  --volumes NAME           what holds the disk limits of servers: auto, btrfs, image or directory
                           (default: auto: btrfs where the files of servers lie on it, and otherwise plain directories,
                           where a server that takes more is stopped; image gives each its own file system in a file)
  --enrol-token-file FILE  read the enrolment token from a file
  --enrol-token-stdin      read the enrolment token from standard input
                           (or set HATCHERY_ENROL_TOKEN; a token never goes on the command line)
  --re-enrol               forget the node this machine belongs to and redeem a new token
  --confirm-move           this data directory was moved to this machine or place on purpose
  --subnet-range CIDR      range that servers get their own /28 networks from (default: 10.213.0.0/16)
  --pull-allow LIST        addresses and blocks that servers may fetch files from although they are not public
  --pull-deny LIST         addresses, blocks and names that servers may not fetch from; *.example.com for all below
  --pull-hosts LIST        names that servers may fetch from, and no others (default: every name)
  --stop-timeout SECONDS   time for process servers to stop when the agent does (default: 20)
  --ssh-listen [H:]PORT    where SFTP and SSH are served (default: 2022); 0 takes any free port, none serves nobody
  --direct-url URL         serve browsers directly under this address, such as https://node-1.example.com:8443:
                           downloads and uploads then pass the panel by
  --direct-listen [H:]PORT where to listen for it (default: 0.0.0.0 and the port of --direct-url)
  --direct-cert FILE       certificate chain, PEM
  --direct-key FILE        its private key, PEM
  --direct-behind-proxy    a proxy in front speaks TLS; listen without it, by default on 127.0.0.1
  --log-level LEVEL        trace, debug, info, warn, error, fatal or silent (default: info)
  --ready-json             print one line of JSON on standard output when connected
  --help                   show this text
`

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/**
 * @returns null when help was asked for
 * @throws Error that says what is wrong with the arguments
 */
export function parseCliOptions(argv: readonly string[]): CliOptions | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      panel: { type: 'string' },
      'data-dir': { type: 'string', default: '.hatchery/agent' },
      runtime: { type: 'string', default: 'auto' },
      volumes: { type: 'string', default: 'auto' },
      'enrol-token-file': { type: 'string' },
      'enrol-token-stdin': { type: 'boolean', default: false },
      're-enrol': { type: 'boolean', default: false },
      'confirm-move': { type: 'boolean', default: false },
      'subnet-range': { type: 'string', default: '10.213.0.0/16' },
      'stop-timeout': { type: 'string', default: '20' },
      'pull-allow': { type: 'string', default: '' },
      'pull-deny': { type: 'string', default: '' },
      'pull-hosts': { type: 'string', default: '' },
      'ssh-listen': { type: 'string', default: '2022' },
      'direct-url': { type: 'string' },
      'direct-listen': { type: 'string' },
      'direct-cert': { type: 'string' },
      'direct-key': { type: 'string' },
      'direct-behind-proxy': { type: 'boolean', default: false },
      'log-level': { type: 'string', default: 'info' },
      'ready-json': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const { runtime } = values
  if (runtime !== 'auto' && runtime !== 'docker' && runtime !== 'process') {
    throw new Error(`--runtime must be auto, docker or process, not "${runtime}".`)
  }
  const volumes = DRIVERS.find((driver) => driver === values.volumes)
  if (!volumes) throw new Error(`--volumes must be one of ${DRIVERS.join(', ')}, not "${values.volumes}".`)
  if (!LOG_LEVELS.includes(values['log-level'])) {
    throw new Error(`--log-level must be one of ${LOG_LEVELS.join(', ')}, not "${values['log-level']}".`)
  }
  const seconds = Number(values['stop-timeout'])
  if (!Number.isFinite(seconds) || seconds < 0) throw new Error('--stop-timeout must be a number of seconds.')
  return {
    panelUrl: values.panel,
    dataDirectory: values['data-dir'],
    runtime,
    volumes,
    tokenFile: values['enrol-token-file'],
    readsTokenFromStdin: values['enrol-token-stdin'],
    isReEnrolling: values['re-enrol'],
    confirmsMove: values['confirm-move'],
    subnetRange: values['subnet-range'],
    stopTimeoutMs: seconds * 1_000,
    web: readWebOptions(values['pull-allow'], values['pull-deny'], values['pull-hosts']),
    ssh: readSshListen(values['ssh-listen']),
    direct: readDirectOptions({
      url: values['direct-url'],
      listen: values['direct-listen'],
      certificateFile: values['direct-cert'],
      keyFile: values['direct-key'],
      isBehindProxy: values['direct-behind-proxy'],
    }),
    logLevel: values['log-level'],
    isReadyJson: values['ready-json'],
  }
}

/** @throws Error for what is neither an address, a block nor a name */
function readWebOptions(allow: string, deny: string, hosts: string): CliOptions['web'] {
  const list = (text: string) => text.split(/[\s,]+/).filter((entry) => entry !== '')
  const options = { allow: list(allow), deny: list(deny), hosts: list(hosts) }
  try {
    createWebClient(options)
  } catch (error) {
    throw new Error(`--pull-allow, --pull-deny or --pull-hosts: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    })
  }
  return options
}
