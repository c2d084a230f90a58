/** Made-up egg repositories, updates and exports for the mock panel. */
import type {
  EggChange,
  EggCheck,
  EggDiagnostic,
  EggExport,
  EggRepository,
  EggRepositoryEgg,
  EggUpdatePreview,
  Operation,
} from '@hatchery/core/sdk'
import { eggs, NOW, servers, uuid } from './mock-data.ts'

const repository = (name: string, url: string, change: Partial<EggRepository> = {}): EggRepository => ({
  id: uuid(),
  name,
  url,
  branch: null,
  folder: '',
  hasCredentials: false,
  syncEveryMinutes: 1440,
  status: 'synced',
  operation: null,
  syncedAt: NOW - 5_400_000,
  nextSyncAt: NOW + 80_000_000,
  error: null,
  commit: {
    id: '4e0b1f6c9a7d2c5e8f3b6a1d0c9e8f7a6b5c4d3e',
    at: NOW - 90_000_000,
    message: 'Raise the memory of the modded servers and drop Java 11',
  },
  eggCount: 78,
  unreadableCount: 0,
  installedCount: 2,
  changedCount: 0,
  createdAt: NOW - 9e8,
  revision: 3,
  ...change,
})
export const repositories: EggRepository[] = [
  repository('Pelican: Minecraft', 'https://github.com/pelican-eggs/minecraft', {
    eggCount: 1000,
    installedCount: 3,
    changedCount: 2,
    unreadableCount: 1,
  }),
  repository('House eggs', 'https://git.hatchery.test/ops/eggs.git', {
    branch: 'stable',
    folder: 'games/internal',
    hasCredentials: true,
    status: 'failed',
    eggCount: 12,
    error: {
      code: 'GIT_AUTHENTICATION_FAILED',
      message:
        'git.hatchery.test refused the credentials, or the repository needs some. Check user name, token and address.',
      at: NOW - 600_000,
    },
  }),
  repository(
    'A repository whose owner liked very long names and did not stop at forty letters',
    'https://code.example/a',
    {
      status: 'syncing',
      operation: '00000000-0000-4000-8000-0000000000f1',
      eggCount: 0,
      installedCount: 0,
      syncedAt: null,
      nextSyncAt: null,
      commit: null,
      syncEveryMinutes: null,
    },
  ),
  repository('Fresh', 'https://code.example/fresh', {
    status: 'new',
    eggCount: 0,
    installedCount: 0,
    syncedAt: null,
    nextSyncAt: null,
    commit: null,
  }),
]
export const syncOperation: Operation = {
  id: '00000000-0000-4000-8000-0000000000f1',
  kind: 'egg-repository.sync',
  status: 'running',
  server: null,
  serverName: null,
  node: null,
  phase: 'downloading',
  progress: { current: 3_200_000, total: 9_600_000, unit: 'bytes', detail: '' },
  canCancel: true,
  error: null,
  startedBy: null,
  createdAt: NOW,
  finishedAt: null,
  revision: 1,
}

const STATES = ['changed', 'installed', 'unreadable', 'removed', 'changed'] as const
const GAMES = ['Paper', 'Velocity', 'Forge', 'Fabric', 'Purpur', 'Spigot', 'Bedrock', 'Waterfall', 'Mohist', 'Folia']
export const repositoryEggs: EggRepositoryEgg[] = Array.from({ length: 1000 }, (_, index) => {
  const state = STATES[index] ?? 'available'
  const game = GAMES[index % GAMES.length] ?? ''
  const isRead = state !== 'unreadable'
  return {
    id: uuid(),
    path: `java/${game.toLowerCase()}/egg-${game.toLowerCase()}-${index}.json`,
    name: isRead
      ? index === 6
        ? `${game} with a name that nobody will ever read to its end`
        : `${game} ${index}`
      : '',
    author: isRead ? 'eggs@community.example' : '',
    description: isRead ? 'A server for many players.\nNeeds at least 2 GiB of memory.' : '',
    format: isRead ? (index % 3 === 0 ? 'PLCN_v3' : 'PTDL_v2') : '',
    variableCount: isRead ? 6 : 0,
    errorCount: isRead ? 0 : 1,
    warningCount: index % 4 === 0 ? 2 : 0,
    state,
    egg: state === 'available' || state === 'unreadable' ? null : (eggs[index % 4]?.id ?? null),
  }
})

const SCRIPT = Array.from({ length: 40 }, (_, index) => `echo "step ${index}" >> install.log`)
const change = (
  area: EggChange['area'],
  pointer: string,
  effect: EggChange['effect'],
  before: unknown,
  after: unknown,
  more: Partial<EggChange> = {},
): EggChange => ({
  kind: before === null ? 'added' : after === null ? 'removed' : 'changed',
  area,
  subject: null,
  pointer,
  before,
  after,
  message: 'What changed, in a sentence.',
  effect,
  ...more,
})
export const CHANGES: EggChange[] = [
  change(
    'about',
    '/description',
    'none',
    'High performance Minecraft server.',
    'High performance Minecraft server with plugins.',
  ),
  change('images', '/images/0/value', 'next-start', 'ghcr.io/hatchery/java:21', 'ghcr.io/hatchery/java:25', {
    subject: 'Java 21',
  }),
  change('images', '/images/2', 'at-once', 'ghcr.io/hatchery/java:11', null, { subject: 'Java 11' }),
  change('ready', '/config/done', 'next-start', [')! For help, type '], [')! For help, type ', 'Done (']),
  change('config-files', '/config/files/0/replace/1/value', 'next-start', '25', '{{server.build.default.port}}', {
    subject: 'server.properties',
    message: 'query.port of server.properties becomes "{{server.build.default.port}}".',
  }),
  change(
    'variables',
    '/variables/4/rules',
    'values-may-fail',
    ['required', 'integer', 'between:1,500'],
    ['required', 'integer', 'between:1,100'],
    { subject: 'MAX_PLAYERS' },
  ),
  change(
    'variables',
    '/variables/6',
    'value-needed',
    null,
    { name: 'World', envVariable: 'WORLD', defaultValue: '', rules: ['required'] },
    { subject: 'WORLD' },
  ),
  change('variables', '/variables/5/userEditable', 'at-once', true, false, { subject: 'RCON_PASSWORD' }),
  change('variables', '/variables/2', 'values-unused', { envVariable: 'DL_PATH', defaultValue: '' }, null, {
    subject: 'DL_PATH',
  }),
  change('variables', '/variables', 'none', ['A', 'B', 'C'], ['B', 'A', 'C'], { kind: 'moved' }),
  change(
    'install',
    '/install/script',
    'reinstall',
    SCRIPT.join('\n'),
    SCRIPT.map((line, index) =>
      index === 20 ? 'curl --fail -sSL "$DOWNLOAD_URL" -o server.jar || exit 1' : line,
    ).join('\n'),
  ),
]
export const DIAGNOSTICS: EggDiagnostic[] = [
  {
    code: 'EGG_IMAGE_NAME',
    severity: 'info',
    pointer: '/images/1/value',
    message: 'Name a tag, as in ghcr.io/hatchery/java:17; without one it is latest.',
  },
  {
    code: 'EGG_DEFAULT_INVALID',
    severity: 'error',
    pointer: '/variables/4/default_value',
    message: 'Correct the default of MAX_PLAYERS: the value must be between 1 and 100.',
  },
  {
    code: 'EGG_RULE_UNKNOWN',
    severity: 'warning',
    pointer: '/variables/3/rules',
    message: 'Remove or correct the rule alpha_spaces: it is not known.',
  },
]

export function updatePreview(egg: string): EggUpdatePreview {
  return {
    egg,
    revision: 1,
    hash: 'seen',
    isSame: false,
    from: {
      kind: 'url',
      url: 'https://raw.example/eggs/main/java/paper/egg-paper.json',
      repository: null,
      path: null,
      fileName: null,
    },
    name: 'Paper',
    format: 'PTDL_v2',
    changes: CHANGES,
    diagnostics: DIAGNOSTICS,
    serverCount: 3,
    servers: servers.slice(0, 2).map(({ id, name }) => ({
      id,
      name,
      variables: [{ envVariable: 'MAX_PLAYERS', failed: ['Between'], message: 'The value must be between 1 and 100.' }],
    })),
    affectedCount: 2,
  }
}

/** Texts that name Paper are in the panel already; those that name trouble cannot be read. */
export function eggCheck(text: string): EggCheck {
  const isBad = text.includes('trouble')
  return {
    ok: !isBad,
    name: isBad ? '' : text.includes('Paper') ? 'Paper' : 'Terraria',
    format: isBad ? '' : 'PTDL_v2',
    variableCount: 6,
    images: ['ghcr.io/hatchery/java:21'],
    diagnostics: isBad
      ? [
          {
            code: 'EGG_SYNTAX',
            severity: 'error',
            pointer: '',
            message: 'Correct the JSON: a comma is missing in line 12.',
          },
        ]
      : DIAGNOSTICS,
    existing: text.includes('Paper') ? (eggs[0]?.id ?? null) : null,
  }
}

export const eggExport = (format: string | null): EggExport => ({
  fileName: `egg-paper.${format === 'PLCN_v3' ? 'yaml' : 'json'}`,
  text: '{\n  "meta": { "version": "PTDL_v2" },\n  "name": "Paper"\n}\n',
  losses:
    format === 'PTDL_v2'
      ? [
          { pointer: '/variables/5/secret', message: 'That RCON_PASSWORD is kept secret has no place in PTDL_v2.' },
          { pointer: '/startupCommands/1', message: 'PTDL_v2 has one start command; “Debug” is left out.' },
        ]
      : [],
})
