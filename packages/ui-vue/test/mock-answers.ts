import type { ActivityEvent, PowerAction, ServerState } from '@hatchery/core/sdk'
import {
  account,
  allocations,
  eggDetails,
  eggs,
  locations,
  nests,
  nodes,
  NOW,
  operations,
  orphans,
  servers,
  users,
  uuid,
} from './mock-data.ts'
import {
  DIAGNOSTICS,
  eggCheck,
  eggExport,
  repositories,
  repositoryEggs,
  syncOperation,
  updatePreview,
} from './mock-eggs.ts'
import {
  archiveAt,
  diskUseAt,
  fileAt,
  fileMatches,
  filesAt,
  lostFiles,
  SERVER_PROPERTIES,
  trash,
} from './mock-files.ts'
import { appPasswords, sshKeys } from './mock-credentials.ts'
import { announce } from './mock-live.ts'

/** `empty`: nobody has done anything yet. `error`: every list fails. `slow`: lists never answer. `member`: no administrator. */
export type Mood = 'full' | 'empty' | 'error' | 'slow' | 'member'

export interface Call {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
}

export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly details: object
  constructor(status: number, code: string, message: string, details: object = {}) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
  }
}

const page = <T>(data: readonly T[]): { data: readonly T[]; nextCursor: null } => ({ data, nextCursor: null })
const EGG_TEXT = JSON.stringify({
  meta: { version: 'PTDL_v2' },
  name: 'Paper',
  author: 'eggs@hatchery.test',
  startup: 'java -jar {{SERVER_JARFILE}}',
  docker_images: { 'Java 21': 'ghcr.io/hatchery/java:21' },
  config: {
    files: JSON.stringify({
      'server.properties': {
        parser: 'properties',
        find: { 'server-ip': '0.0.0.0', 'server-port': '{{server.build.default.port}}', 'query.port': 25_565 },
      },
    }),
    startup: JSON.stringify({ done: ')! For help, type ' }),
    logs: '{}',
    stop: 'stop',
  },
  scripts: {
    installation: {
      script: `#!/bin/ash\nset -e\n\ncd /mnt/server\n${Array.from({ length: 30 }, (_, index) => `echo "step ${index}: a line of the script that goes on for quite a while so that it has to be scrolled"`).join('\n')}\n`,
      container: 'ghcr.io/hatchery/installers:alpine',
      entrypoint: 'ash',
    },
  },
  variables: [],
})
const NEXT: Readonly<Record<PowerAction, readonly [ServerState, ServerState]>> = {
  start: ['starting', 'running'],
  restart: ['stopping', 'running'],
  stop: ['stopping', 'offline'],
  kill: ['offline', 'offline'],
}

function serverOf({ params }: Call) {
  const found = servers.find(({ id }) => id.startsWith(params['server'] ?? '-'))
  if (!found) throw new Refusal(404, 'SERVER_NOT_FOUND', `Server ${params['server']} does not exist.`)
  return found
}
function byId<T extends { id: string }>(list: readonly T[], id: string | undefined): T {
  const found = list.find((one) => one.id === id)
  if (!found) throw new Refusal(404, 'NOT_FOUND', 'It does not exist.')
  return found
}

const activity = (): ActivityEvent[] =>
  [
    'server:power.start',
    'server:command',
    'subuser:created',
    'server:startup.updated',
    'auth:sign.in',
    'egg:imported',
    'node:enrolled',
  ].map((type, index) => ({
    id: uuid(),
    type,
    server: servers[0]?.id ?? null,
    actor: index === 6 ? null : { id: account.id, username: index % 2 ? 'jonas' : 'mira', email: account.email },
    ip: index === 6 ? null : '198.51.100.23',
    data: index === 1 ? { command: 'say The server restarts in five minutes' } : index === 5 ? { name: 'Paper' } : {},
    at: NOW - index * 5_400_000,
  }))

/** One answer for each endpoint the pages use. */
const answers: Readonly<Record<string, (call: Call, mood: Mood) => unknown>> = {
  getSystem: () => ({ name: 'Hatchery', version: '0.1.0', languages: ['en', 'de'], signIn: { password: true } }),
  getHealth: () => ({ ready: true }),
  signIn({ body }) {
    if (body['password'] === 'wrong')
      throw new Refusal(401, 'CREDENTIALS_INVALID', 'The e-mail address or the password is wrong.')
    return account
  },
  signOut: () => ({}),
  getAccount: (_call, mood) =>
    mood === 'member'
      ? { ...account, isAdmin: false, adminPermissions: [] }
      : { ...account, mustChangePassword: mood === 'empty' },
  updateAccount: ({ body }) => ({ ...account, ...body }),
  changePassword: () => ({ ...account, mustChangePassword: false }),
  changeEmail: ({ body }) => ({ ...account, email: body['email'] }),
  listSessions: () =>
    page([
      {
        id: uuid(),
        current: true,
        ip: '198.51.100.23',
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/130',
        createdAt: NOW,
        lastSeenAt: NOW,
        expiresAt: NOW + 1e9,
      },
      {
        id: uuid(),
        current: false,
        ip: '203.0.113.90',
        userAgent: 'Mozilla/5.0 (iPhone) Safari/605',
        createdAt: NOW,
        lastSeenAt: NOW - 7e7,
        expiresAt: NOW + 1e9,
      },
    ]),
  deleteSession: () => ({}),
  listSshKeys: () => page(sshKeys),
  listAppPasswords: () => page(appPasswords),
  createAppPassword: ({ body }) => ({
    appPassword: { ...appPasswords[0], id: uuid(), name: body['name'] },
    password: 'hap_mz4x7k2qv5ny3bt6cj8dwf2hgr5ps7le',
  }),
  listApiKeys: () =>
    page([
      {
        id: uuid(),
        name: 'Billing',
        identifier: 'hk_3f9a21c07be4d518',
        permissions: [],
        allowedIps: [],
        lastUsedAt: NOW - 9e5,
        expiresAt: null,
        createdAt: NOW,
      },
    ]),
  createApiKey: ({ body }) => ({
    key: {
      id: uuid(),
      name: body['name'],
      identifier: 'hk_9b1c44d2a07e63f5',
      permissions: [],
      allowedIps: [],
      lastUsedAt: null,
      expiresAt: null,
      createdAt: NOW,
    },
    secret: 'hk_9b1c44d2a07e63f5_Zm9yIHlvdXIgZXllcyBvbmx5LCBhbmQgb25seSBvbmNl',
  }),
  deleteApiKey: () => ({}),
  listServers({ query }) {
    const [search, state] = [query.get('search')?.toLowerCase() ?? '', query.get('state')]
    return page(servers.filter((one) => one.name.toLowerCase().includes(search) && (!state || one.state === state)))
  },
  getServer: serverOf,
  planServer: ({ body }) => ({
    node: { id: nodes[1]?.id, name: body['node'] ? byId(nodes, String(body['node'])).name : 'fra-2' },
    allocation: { id: uuid(), address: 'play.hatchery.test:25580' },
    considered: [
      { node: nodes[1]?.id, name: 'fra-2', fits: true, reason: '59 % of its memory is free, the most of all nodes.' },
      { node: nodes[0]?.id, name: 'fra-1', fits: true, reason: '18 % of its memory is free.' },
      { node: nodes[2]?.id, name: 'hel-1', fits: false, reason: 'Its agent is not connected.' },
    ],
  }),
  createServer({ body }) {
    if (body['name'] === 'bad') {
      throw new Refusal(422, 'VALIDATION_FAILED', 'Some fields are not valid: name. Correct them and send again.', {
        issues: [{ path: '/name', message: 'This name is taken.' }],
      })
    }
    return { server: servers[4], operation: operations[0]?.id }
  },
  updateServer: (call) => Object.assign(serverOf(call), call.body),
  updateServerBuild: (call) => serverOf(call),
  deleteServer: () => ({ operation: uuid() }),
  powerServer(call) {
    const server = serverOf(call)
    const [first, then] = NEXT[call.body['action'] as PowerAction]
    announce(server, first)
    setTimeout(() => announce(server, then), 1500)
    return { operation: uuid() }
  },
  sendCommand: () => ({ operation: uuid() }),
  reinstallServer: () => ({ operation: uuid() }),
  listFiles: ({ query }, mood) => filesAt(query.get('path') ?? '', mood === 'empty', query),
  searchFiles: () => fileMatches,
  readDiskUse: (_call, mood) => diskUseAt(mood === 'empty'),
  listArchive: ({ query }, mood) => archiveAt(query.get('directory') ?? '', mood === 'empty'),
  readArchiveMember: () => new Blob(['Read me first.\n']),
  readDecompressedFile: () => new Blob(['[12:00:01] [Server thread/INFO]: Starting minecraft server\n'.repeat(40)]),
  readChecksum: ({ query }) => ({
    algorithm: query.get('algorithm') ?? 'sha256',
    checksum: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  }),
  getFile: ({ query }) => fileAt(query.get('path') ?? ''),
  readFile: ({ query }) =>
    new Blob([query.get('path')?.endsWith('.db') ? new Uint8Array([0, 255, 254]) : SERVER_PROPERTIES]),
  writeFile({ query }) {
    if (query.get('path') === 'server.properties')
      throw new Refusal(412, 'REVISION_MISMATCH', 'The object was changed by somebody else meanwhile.')
    return fileAt(query.get('path') ?? '')
  },
  deleteFiles: ({ body }) => ({ done: (body['paths'] as unknown[]).length, failures: [] }),
  moveFiles: ({ body }) => ({ done: (body['moves'] as unknown[]).length, failures: [] }),
  restoreTrash: ({ body }) => ({ done: (body['items'] as unknown[]).length, failures: [] }),
  beginUpload({ body }) {
    if (String(body['path']).endsWith('eula.txt'))
      throw new Refusal(409, 'FILE_EXISTS', 'There is already something.', { path: body['path'] })
    return { id: uuid(), path: body['path'], sizeBytes: body['sizeBytes'], offset: 0, expiresAt: NOW + 1e9 }
  },
  // Never comes to an end, so that its row can be looked at.
  appendUpload: () => new Promise(() => undefined),
  listFileHistory: ({ query }, mood) => ({
    data:
      mood === 'empty'
        ? []
        : (['restore', 'sftp', 'outside', 'page'] as const).map((via, index) => ({
            id: uuid(),
            path: query.get('path') ?? '',
            at: NOW - index * 7_200_000,
            user: null,
            name: via === 'outside' ? null : 'ada',
            via,
            sizeBytes: 1_200 - index * 40,
            sha256: 'a'.repeat(64),
          })),
  }),
  readFileRevision: () => new Blob([SERVER_PROPERTIES.replace('motd=', 'motd=Before: ')]),
  listLostFiles: (_call, mood) => ({ data: mood === 'empty' ? [] : lostFiles }),
  listTrash: (_call, mood) => ({ data: mood === 'empty' ? [] : trash }),
  getStartup(call) {
    const server = serverOf(call)
    const details = eggDetails(byId(eggs, server.egg.id))
    return {
      command: details.startupCommands[0]?.value,
      preview: 'java -Xms128M -Xmx4096M -Dterminal.jline=false -Dterminal.ansi=true -jar server.jar',
      commands: details.startupCommands,
      image: server.image,
      images: server.images,
      variables: details.variables.map(({ userEditable, ...variable }, index) => ({
        ...variable,
        value: variable.defaultValue,
        isEditable: userEditable && index !== 1,
      })),
      revision: 2,
    }
  },
  updateStartup: (call) => answers['getStartup']?.(call, 'full'),
  updateImage: (call) => answers['getStartup']?.(call, 'full'),
  answerFeature: () => ({ operation: uuid() }),
  placeHold: (call) => serverOf(call),
  liftHold: (call) => serverOf(call),
  listServerActivity: () => page(activity()),
  listSubusers: () =>
    page(
      users.slice(1, 4).map(({ id, username, email }, index) => ({
        user: { id, username, email },
        permissions: ['websocket.connect', 'control.console', 'control.start'].slice(index),
        createdAt: NOW - 4e8,
        revision: 1,
      })),
    ),
  createSubuser: ({ body }) => ({
    user: { id: uuid(), username: 'new', email: body['email'] },
    permissions: body['permissions'],
    createdAt: NOW,
    revision: 1,
  }),
  updateSubuser: ({ body }) => ({ user: users[1], permissions: body['permissions'], createdAt: NOW, revision: 2 }),
  deleteSubuser: () => ({}),
  listOperations: () => page(operations),
  cancelOperation: ({ params }) => byId(operations, params['operation']),
  listActivity: () => page(activity()),
  listUsers: () => page(users),
  createUser: ({ body }) => ({ ...users[1], ...body }),
  updateUser: ({ body }) => ({ ...users[1], ...body }),
  deleteUser: () => ({}),
  getSshSettings: () => ({ accountPasswords: false }),
  updateSshSettings: ({ body }) => body,
  listNodes: () => page(nodes),
  getNode: ({ params }) => byId(nodes, params['node']),
  createNode: () => nodes[4],
  updateNode: ({ params, body }) => Object.assign(byId(nodes, params['node']), body),
  createEnrolmentToken: () => ({
    token: 'het_7dK2mQx9-vRt4bNc8sLw1',
    expiresAt: NOW + 3_600_000,
    command: 'npx @hatchery/daemon enrol --panel https://panel.hatchery.test',
  }),
  listAllocations: ({ query }) => page(allocations.filter(({ server }) => query.get('free') !== 'true' || !server)),
  listOrphans: ({ params }) => page(params['node'] === nodes[0]?.id ? orphans : []),
  adoptOrphan: () => servers[4],
  removeOrphan: () => ({ operation: operations[0]?.id }),
  rotateNodeSecret: ({ params }) => Object.assign(byId(nodes, params['node']), { isRotatingSecret: true }),
  createAllocations: () => ({ created: 3, existing: 1 }),
  deleteAllocation: () => ({}),
  listLocations: () => page(locations),
  listNests: () => page(nests),
  listEggs: () => page(eggs),
  getEgg: ({ params }) => eggDetails(byId(eggs, params['egg'])),
  getEggSource: () => ({ fileName: 'egg-paper.json', text: EGG_TEXT }),
  checkEgg: ({ body }) => eggCheck(String(body['text'])),
  fetchEgg({ body }) {
    if (String(body['url']).includes('10.0.'))
      throw new Refusal(403, 'OUTBOUND_REFUSED', 'The panel does not connect to it.', {
        host: '10.0.0.5',
        reason: 'it is a private address',
      })
    return { url: body['url'], fileName: 'egg-paper.json', text: 'Paper' }
  },
  checkEggUpdate: ({ params }) => updatePreview(params['egg'] ?? ''),
  updateEgg: ({ params }) => ({
    egg: eggDetails(byId(eggs, params['egg'])),
    serverCount: 3,
    servers: updatePreview('').servers,
    affectedCount: 2,
  }),
  exportEgg: ({ query }) => eggExport(query.get('format')),
  listEggRepositories: () => page(repositories),
  getEggRepository: ({ params }) => byId(repositories, params['repository']),
  createEggRepository: () => repositories[3],
  updateEggRepository: ({ params }) => byId(repositories, params['repository']),
  deleteEggRepository: () => ({}),
  syncEggRepository: () => ({ operation: syncOperation.id }),
  installRepositoryEggs: () => ({ operation: syncOperation.id }),
  getOperation: () => syncOperation,
  getEggRepositoryEgg: ({ params }) => ({
    ...byId(repositoryEggs, params['entry']),
    images: ['ghcr.io/hatchery/java:21', 'ghcr.io/hatchery/java:17'],
    diagnostics: DIAGNOSTICS,
    text: EGG_TEXT,
  }),
  listEggRepositoryEggs({ params, query }) {
    if (params['repository'] !== repositories[0]?.id) return page([])
    const [search, state, from] = [query.get('search') ?? '', query.get('state'), Number(query.get('cursor') ?? 0)]
    const found = repositoryEggs.filter(
      (one) =>
        `${one.name} ${one.path}`.toLowerCase().includes(search.toLowerCase()) && (!state || one.state === state),
    )
    const limit = Number(query.get('limit') ?? 25)
    return {
      data: found.slice(from, from + limit),
      nextCursor: from + limit < found.length ? String(from + limit) : null,
    }
  },
  importEgg: () => eggDetails(byId(eggs, eggs[0]?.id)),
}

export async function answer(mood: Mood, name: string, call: Call): Promise<unknown> {
  const isList = name.startsWith('list') && name !== 'listOperations'
  if (mood === 'slow' && isList) await new Promise(() => undefined)
  if (mood === 'error' && isList)
    throw new Refusal(500, 'INTERNAL', 'Something failed on our side. Report the request id to the administrator.')
  if (mood === 'empty' && name.startsWith('list') && name !== 'listFiles') return page([])
  const reply = answers[name]
  if (!reply) throw new Refusal(404, 'ROUTE_NOT_FOUND', `The mock has no answer for ${name}.`)
  return reply(call, mood)
}
