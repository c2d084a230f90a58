/** Believable data for the mock panel: typed by the SDK, so that it cannot drift from the contracts. */
import type {
  Account,
  Allocation,
  Egg,
  EggSummary,
  Location,
  Nest,
  Node,
  Operation,
  Orphan,
  Server,
  ServerState,
  User,
} from '@hatchery/core/sdk'

let counter = 0
/** A uuid that is the same in every run. */
export function uuid(): string {
  counter += 1
  const hex = ((counter * 2_654_435_761) % 4_294_967_296).toString(16).padStart(8, '0')
  return `${hex}-0000-4000-8000-${String(counter).padStart(12, '0')}`
}

export const NOW = Date.now()
const DAY = 86_400_000

export const account: Account = {
  id: uuid(),
  email: 'mira@hatchery.test',
  username: 'mira',
  firstName: 'Mira',
  lastName: 'Okafor',
  isAdmin: true,
  adminPermissions: ['*'],
  language: 'en',
  mustChangePassword: false,
  revision: 1,
}

export const users: User[] = ['mira', 'jonas', 'aiko', 'tom', 'lena', 'hassan'].map((username, index) => ({
  id: index === 0 ? account.id : uuid(),
  email: `${username}@hatchery.test`,
  username,
  firstName: '',
  lastName: '',
  externalId: null,
  isAdmin: index < 2,
  state: index === 4 ? 'frozen' : index === 5 ? 'suspended' : 'active',
  language: 'en',
  serverCount: 6 - index,
  createdAt: NOW - index * 9 * DAY,
  revision: 1,
}))

export const locations: Location[] = [
  {
    id: uuid(),
    name: 'Frankfurt',
    description: 'Rack 12, two uplinks',
    nodeCount: 2,
    createdAt: NOW - 90 * DAY,
    revision: 1,
  },
  { id: uuid(), name: 'Helsinki', description: '', nodeCount: 1, createdAt: NOW - 40 * DAY, revision: 1 },
]

const host = (hostname: string, isolated: boolean): Node['host'] => ({
  agentVersion: '0.1.0',
  runtime: isolated ? 'docker' : 'process',
  isolated,
  capabilities: {},
  hostname,
  os: 'Debian GNU/Linux 12',
  kernel: '6.1.0-25-amd64',
  architecture: 'x64',
  cpuCount: 16,
  memoryMiB: 65_536,
  diskMiB: 960_000,
  clockOffsetMs: 12,
  ssh: { port: 2022, fingerprint: 'SHA256:n3RhXw8Vm2pYk0cTqLz5uJdE7bSgAiF1oKxWvH4rQ9M' },
})
const node = (name: string, location: number, status: Node['status'], isolated: boolean, share: number): Node => ({
  id: uuid(),
  name,
  description: '',
  kind: 'agent',
  location: locations[location]?.id ?? '',
  status,
  fqdn: `${name}.hatchery.test`,
  memoryMiB: 61_440,
  diskMiB: 900_000,
  cpuPercent: 1600,
  allocated: {
    memoryMiB: Math.round(61_440 * share),
    diskMiB: Math.round(700_000 * share),
    cpuPercent: Math.round(1600 * share),
    servers: Math.round(9 * share),
  },
  allocationCount: 51,
  freeAllocationCount: 38,
  isMaintenance: false,
  isRotatingSecret: name === 'fra-2',
  host: status === 'awaiting-agent' ? null : host(name, isolated),
  lastSeenAt: status === 'awaiting-agent' ? null : NOW - 4000,
  createdAt: NOW - 80 * DAY,
  revision: 3,
})
export const nodes: Node[] = [
  node('fra-1', 0, 'online', true, 0.82),
  node('fra-2', 0, 'online', true, 0.41),
  node('hel-1', 1, 'offline', true, 0.2),
  node('workbench', 1, 'online', false, 0.05),
  node('fra-3', 0, 'awaiting-agent', true, 0),
]

export const nests: Nest[] = [
  { id: uuid(), name: 'Minecraft', description: '', eggCount: 2, createdAt: NOW - 90 * DAY, revision: 1 },
  { id: uuid(), name: 'Simulation', description: '', eggCount: 2, createdAt: NOW - 90 * DAY, revision: 1 },
]
const egg = (name: string, nest: number, description: string): EggSummary => ({
  id: uuid(),
  nest: nests[nest]?.id ?? '',
  name,
  author: 'eggs@hatchery.test',
  description,
  format: 'PTDL_v2',
  features: ['eula', 'java_version'],
  updateUrl: nest === 0 ? 'https://raw.example/eggs/main/java/paper/egg-paper.json' : null,
  origin: null,
  serverCount: 3,
  createdAt: NOW - 60 * DAY,
  revision: 1,
})
export const eggs: EggSummary[] = [
  egg('Paper', 0, 'High performance Minecraft server with plugins.'),
  egg('Vanilla Minecraft', 0, 'The unmodified Minecraft: Java Edition server.'),
  egg('OpenTTD', 1, 'Open source business simulation game.'),
  egg('Minetest', 1, 'Voxel game engine with many games in it.'),
]
export function eggDetails(summary: EggSummary): Egg {
  const variable = (
    name: string,
    envVariable: string,
    defaultValue: string,
    description: string,
    rules: string[],
    input: Egg['variables'][number]['input'],
  ): Egg['variables'][number] => ({
    name,
    description,
    envVariable,
    defaultValue,
    userViewable: true,
    userEditable: true,
    rules,
    input,
  })
  return {
    ...summary,
    images: [
      { label: 'Java 21', value: 'ghcr.io/hatchery/java:21' },
      { label: 'Java 17', value: 'ghcr.io/hatchery/java:17' },
    ],
    startupCommands: [{ label: 'Default', value: 'java -Xms128M -Xmx{{SERVER_MEMORY}}M -jar {{SERVER_JARFILE}}' }],
    stop: 'stop',
    done: [')! For help, type '],
    configFiles: ['server.properties'],
    hasInstallScript: true,
    diagnostics: [
      {
        code: 'EGG_RULE_UNKNOWN',
        severity: 'warning',
        pointer: '/variables/3/rules',
        message: 'The rule "alpha_spaces" is not known; it is checked when the server is created.',
      },
    ],
    variables: [
      variable(
        'Server jar file',
        'SERVER_JARFILE',
        'server.jar',
        'Name of the file to start.',
        ['required', 'string'],
        { kind: 'text', required: true, pattern: '^[\\w.-]+\\.jar$' },
      ),
      variable(
        'Minecraft version',
        'MINECRAFT_VERSION',
        'latest',
        'Use "latest" for the newest release.',
        ['required', 'string', 'max:20'],
        { kind: 'text', required: true, maxLength: 20 },
      ),
      variable('Online mode', 'ONLINE_MODE', '1', 'Ask Mojang who a player is.', ['required', 'boolean'], {
        kind: 'switch',
        required: true,
        values: ['0', '1'],
      }),
      variable('Difficulty', 'DIFFICULTY', 'normal', '', ['required', 'in:peaceful,easy,normal,hard'], {
        kind: 'select',
        required: true,
        options: ['peaceful', 'easy', 'normal', 'hard'],
      }),
      variable('Player slots', 'MAX_PLAYERS', '20', 'Between 1 and 500.', ['required', 'integer'], {
        kind: 'number',
        required: true,
        integer: true,
        minimum: 1,
        maximum: 500,
      }),
      variable('RCON password', 'RCON_PASSWORD', 'h4tch-me', '', ['nullable', 'string'], {
        kind: 'secret',
        required: false,
        minLength: 6,
      }),
    ],
  }
}

const server = (
  name: string,
  state: ServerState,
  eggIndex: number,
  nodeIndex: number,
  port: number,
  more: Partial<Server> = {},
): Server => {
  const id = uuid()
  const where = nodes[nodeIndex] as Node
  const what = eggs[eggIndex] as EggSummary
  const allocation: Allocation = {
    id: uuid(),
    node: where.id,
    ip: '203.0.113.7',
    port,
    alias: 'play.hatchery.test',
    notes: null,
    server: id,
    isPrimary: true,
  }
  return {
    id,
    shortId: id.slice(0, 8),
    name,
    description: '',
    state,
    holds: [],
    node: { id: where.id, name: where.name, online: where.status === 'online', isolated: where.host?.isolated ?? true },
    egg: { id: what.id, name: what.name },
    owner: { id: account.id, username: 'mira', email: account.email },
    address: `play.hatchery.test:${port}`,
    limits: {
      memoryMiB: 4096,
      swapMiB: 0,
      diskMiB: 20_480,
      cpuPercent: 200,
      cpuPinning: null,
      ioWeight: 500,
      pids: 512,
    },
    createdAt: NOW - 20 * DAY,
    revision: 4,
    permissions: ['*'],
    externalId: null,
    image: 'ghcr.io/hatchery/java:21',
    images: [
      { label: 'Java 21', value: 'ghcr.io/hatchery/java:21' },
      { label: 'Java 17', value: 'ghcr.io/hatchery/java:17' },
    ],
    allocations: [allocation],
    isInstalled: true,
    lastExit: null,
    pendingFeatures: [],
    operation: null,
    sftp: {
      host: 'fra-1.hatchery.test',
      port: 2022,
      username: 'mira.0a1b2c3d',
      fingerprint: 'SHA256:n3RhXw8Vm2pYk0cTqLz5uJdE7bSgAiF1oKxWvH4rQ9M',
    },
    stopTimeoutMs: 60_000,
    lifecycle: {
      crash: {
        isEnabled: true,
        treatCleanExitAsCrash: false,
        maxRestarts: 5,
        windowMs: 600_000,
        backoffMs: 2_000,
      },
      stopTimeoutMs: 60_000,
    },
    ...more,
  }
}
export const servers: Server[] = [
  server('Survival', 'running', 0, 0, 25565),
  server('Creative build world of the Saturday group', 'running', 0, 0, 25566),
  server('Skyblock', 'starting', 0, 1, 25567),
  server('Railway tycoon', 'running', 2, 1, 3979),
  server('Fresh install', 'installing', 1, 0, 25568, { isInstalled: false }),
  server('Lobby', 'offline', 1, 0, 25569, {
    lastExit: { code: 0, oomKilled: false, reason: 'stopped', at: NOW - 3_600_000 },
  }),
  server('Modded test', 'offline', 0, 1, 25570, {
    lastExit: { code: 137, oomKilled: true, reason: 'crashed', at: NOW - 240_000 },
  }),
  server('Needs an answer', 'offline', 1, 1, 25571, {
    pendingFeatures: [
      { feature: 'eula', line: 'You need to agree to the EULA in order to run the server.', at: NOW, images: [] },
    ],
  }),
  server('Unpaid', 'offline', 0, 0, 25572, { holds: ['billing'] }),
  server('Minetest for the school', 'stopping', 3, 0, 30000),
  server('Broken egg', 'install_failed', 3, 1, 30001, { isInstalled: false }),
  server('Demo on this machine', 'running', 2, 3, 3980),
]

export const operations: Operation[] = [
  {
    id: uuid(),
    kind: 'install',
    status: 'running',
    server: servers[4]?.id ?? null,
    serverName: 'Fresh install',
    node: nodes[0]?.id ?? null,
    phase: 'pulling',
    progress: { current: 41_000_000, total: 260_000_000, unit: 'bytes', detail: '3 of 9 layers' },
    canCancel: true,
    error: null,
    startedBy: null,
    createdAt: NOW,
    finishedAt: null,
    revision: 1,
  },
]

export const allocations: Allocation[] = Array.from({ length: 14 }, (_, index) => ({
  id: uuid(),
  node: nodes[0]?.id ?? '',
  ip: '203.0.113.7',
  port: 25_565 + index,
  alias: index % 3 === 0 ? 'play.hatchery.test' : null,
  notes: null,
  server: index < 6 ? (servers[index]?.id ?? null) : null,
  serverName: index < 6 ? (servers[index]?.name ?? null) : null,
  isPrimary: index < 6,
}))

export const orphans: Orphan[] = (
  [
    ['Skyblock of the spring event, the one with the long name', 'running', false],
    [null, 'offline', false],
    ['Old lobby', 'offline', true],
    ['Moved away', 'offline', false],
  ] as const
).map(([name, state, isRemoving], index) => ({
  server: uuid(),
  name,
  state,
  seenAt: NOW - index * 3_600_000,
  elsewhere: index === 3 ? { node: nodes[1]?.id ?? '', name: 'fra-2' } : null,
  isRemoving,
}))

const ESC = '\u001b'
export const CONSOLE: readonly string[] = [
  `${ESC}[33m[server]: Starting Minecraft server version 1.21.1${ESC}[0m`,
  '[12:00:01 INFO]: Loading properties',
  `[12:00:01 INFO]: Default game type: ${ESC}[1mSURVIVAL${ESC}[0m`,
  `[12:00:02 WARN]: ${ESC}[93mThe server is running with 4 GiB of memory; view-distance 12 may be too much for it${ESC}[0m`,
  `[12:00:04 INFO]: ${ESC}[32mPreparing level "world"${ESC}[0m`,
  '[12:00:09 INFO]: Done (7.412s)! For help, type "help"',
  `[12:01:17 INFO]: ${ESC}[38;2;90;160;250mAiko${ESC}[0m joined the game`,
  `[12:01:44 ERROR]: ${ESC}[91mCould not pass event PlayerMoveEvent to WorldTools v2.1.0: java.lang.NullPointerException: Cannot invoke "org.bukkit.World.getName()" because the return value of "org.bukkit.Location.getWorld()" is null${ESC}[0m`,
  `[12:02:03 INFO]: <${ESC}[36mJonas${ESC}[0m> who moved the bridge?`,
  '[12:02:20 INFO]: Saved the game',
]
