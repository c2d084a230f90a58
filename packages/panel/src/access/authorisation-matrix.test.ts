import { createHash } from 'node:crypto'
import { CONTRACTS, LIVE_TOPICS, type ContractSpec } from '@hatchery/core/api'
import { parseEgg } from '@hatchery/core/eggs'
import {
  authorisationMatrix,
  SERVER_PERMISSIONS,
  type MatrixRow,
  type PrincipalKind,
  type RequiredPermission,
} from '@hatchery/core/permissions'
import { describe, expect, test } from 'vitest'
import { TestViewer } from '../live/test-viewer.ts'
import { FAKE_HOST } from '../nodes/fake-agent.ts'
import { LIMITS, TEST_EGG } from '../nodes/test-node.ts'
import { until } from '../nodes/until.ts'
import { newUuid } from '../storage/uuid.ts'
import {
  createTestPanel,
  type TestClient,
  type TestPanel,
  type TestServer,
  type TestUser,
} from '../testing/test-panel.ts'

const SOMETHING = '018f4b1e-0000-7000-8000-000000000000'
const MATRIX = authorisationMatrix({
  endpoints: CONTRACTS,
  topics: Object.entries(LIVE_TOPICS),
  commands: [['command', { permission: { server: 'control.console' } }]],
})
/** A node proves itself on its link only; over HTTP it has nothing to show. */
const CALLERS = [
  'anonymous',
  'user-without-access',
  'subuser-without-permission',
  'subuser-with-permission',
  'owner',
  'administrator',
  'limited-key',
] as const satisfies readonly PrincipalKind[]

/** A body for each contract that needs one, so that what is answered is the verdict and not a complaint about the form. */
const BODIES: Readonly<Record<string, unknown>> = {
  signIn: { login: 'nobody', password: 'nothing' },
  updateAccount: {},
  changePassword: { current: 'wrong password', password: 'another good password' },
  changeEmail: { current: 'wrong password', email: 'new@example.com' },
  createApiKey: { name: 'key', permissions: [], allowedIps: [] },
  openDirectDownload: { path: 'a' },
  addSshKey: { publicKey: 'ssh-dss AAAA' },
  importSshKeys: { from: 'github', username: 'nobody' },
  updateSshKey: { name: 'key' },
  createAppPassword: { name: 'app' },
  updateSshSettings: {},
  createUser: { email: 'n@example.com', username: 'newcomer', password: 'correct horse battery' },
  updateUser: {},
  planServer: { egg: SOMETHING, limits: LIMITS },
  createServer: { egg: SOMETHING, limits: LIMITS, name: 'x', owner: SOMETHING },
  updateServer: {},
  updateServerBuild: {},
  updateServerLifecycle: {},
  sendCommand: { command: 'hi' },
  updateStartup: {},
  updateImage: { image: 'x' },
  answerFeature: {},
  placeHold: {},
  createFile: { path: 'x', type: 'file' },
  moveFiles: { moves: [{ from: 'a', to: 'b' }] },
  copyFile: { from: 'a', to: 'b' },
  searchFiles: { path: '' },
  packFiles: { directory: '', names: ['a'], to: 'a.zip' },
  unpackFile: { path: 'a.zip', to: '' },
  deleteFiles: { paths: ['a'] },
  changeFileModes: { changes: [{ path: 'a', mode: 0o644 }] },
  pullFile: { url: 'https://10.0.0.1/a', directory: '' },
  previewRename: { directory: '', names: ['a'], rules: [{ kind: 'case', to: 'upper' }] },
  renameFiles: { directory: '', names: ['a'], rules: [{ kind: 'case', to: 'upper' }] },
  copyFilesToServer: { directory: '', names: ['a'], target: SOMETHING, to: '' },
  prepareDownload: { directory: '', names: ['a'] },
  beginUpload: { path: 'a', sizeBytes: 1 },
  restoreFileRevision: { revision: SOMETHING },
  restoreTrash: { items: [{ id: SOMETHING }] },
  emptyTrash: {},
  createSubuser: { email: 'nobody@example.com', permissions: ['control.start'] },
  updateSubuser: { permissions: ['control.start'] },
  createNest: { name: 'nest' },
  updateNest: {},
  checkEgg: { text: '{}' },
  importEgg: { nest: SOMETHING, text: '{}' },
  fetchEgg: { url: 'https://10.0.0.1/egg.json' },
  checkEggUpdate: {},
  updateEgg: { hash: 'x' },
  createEggRepository: { name: 'eggs', url: 'https://10.0.0.1/eggs' },
  updateEggRepository: {},
  installRepositoryEggs: { nest: SOMETHING, eggs: [SOMETHING] },
  createLocation: { name: 'place' },
  updateLocation: {},
  createNode: { name: 'node', location: SOMETHING, fqdn: 'n.example.com' },
  updateNode: {},
  adoptOrphan: { egg: SOMETHING, limits: LIMITS, name: 'x', owner: SOMETHING },
  createAllocations: { ip: '127.0.0.1', ports: ['1000'] },
  enrolAgent: {
    token: 'x'.repeat(40),
    secret: 'A'.repeat(43),
    installation: SOMETHING,
    host: FAKE_HOST,
  },
}

/** What an address must name for the same reason. */
const QUERIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  readArchiveMember: { path: 'a.zip', member: 'a' },
  readFileRevision: { revision: SOMETHING },
}

interface Stage {
  readonly panel: TestPanel
  readonly server: TestServer
  readonly owner: TestUser
}

async function stageOf(panel: TestPanel): Promise<Stage> {
  const owner = await panel.createUser()
  const egg = await panel.createEgg({ model: JSON.stringify((await parseEgg(TEST_EGG)).egg), source: TEST_EGG })
  return { panel, owner, server: await panel.createServer(owner, { egg_id: egg.id, process_state: 'running' }) }
}

async function callerOf(
  { panel, server, owner }: Stage,
  kind: PrincipalKind,
  required: RequiredPermission,
): Promise<TestClient> {
  const wanted = typeof required === 'object' && 'server' in required ? required.server : undefined
  switch (kind) {
    case 'anonymous':
    case 'node':
      return panel.anonymous
    case 'owner':
      return panel.signInAs(owner)
    case 'administrator':
      return panel.signInAs(await panel.createAdmin())
    case 'user-without-access':
      return panel.signInAs(await panel.createUser())
    case 'subuser-with-permission':
    case 'subuser-without-permission': {
      const user = await panel.createUser()
      const others = Object.keys(SERVER_PERMISSIONS).filter((name) => name !== wanted)
      await panel.grant(user, server, kind === 'subuser-with-permission' && wanted !== undefined ? [wanted] : others)
      return panel.signInAs(user)
    }
    case 'limited-key': {
      const admin = await panel.createAdmin()
      return withKey(panel, admin)
    }
    default:
      return kind satisfies never
  }
}

/** A key of an administrator that may do nothing. */
async function withKey(panel: TestPanel, user: TestUser): Promise<TestClient> {
  const identifier = newUuid().replaceAll('-', '').slice(-16)
  const secret = 'S'.repeat(43)
  await panel.ctx.store.transaction(async (trx) => {
    await trx
      .insertInto('api_keys')
      .values({
        uuid: newUuid(),
        user_id: user.id,
        name: 'limited',
        identifier,
        secret_hash: createHash('sha256').update(secret).digest('hex'),
        permissions: '["nothing.at-all"]',
        allowed_ips: '[]',
        last_used_at: null,
        expires_at: null,
        created_at: 0,
        revoked_at: null,
      })
      .execute()
  })
  const headers = { authorization: `Bearer hk_${identifier}_${secret}` }
  const { call, refusal, request } = panel.anonymous
  return {
    headers,
    call: (contract, input = {}) => call(contract, { ...input, headers }),
    refusal: (contract, input = {}) => refusal(contract, { ...input, headers }),
    request: (options) => request({ ...options, headers: { ...options.headers, ...headers } }),
  }
}

function paramsOf(
  contract: ContractSpec,
  server: TestServer,
  value: string | null | undefined,
): Record<string, string> {
  const by = typeof contract.permission === 'object' && 'by' in contract.permission ? contract.permission.by : undefined
  const names = [...contract.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  return Object.fromEntries(
    names.map((name) => {
      if (name === 'server') return [name, server.uuid]
      if (by === `params.${name}`) return [name, value ?? 'unheard-of']
      return [name, name === 'kind' ? 'billing' : SOMETHING]
    }),
  )
}

function bodyOf(name: string, contract: ContractSpec, value: string | null | undefined): unknown {
  const by = typeof contract.permission === 'object' && 'by' in contract.permission ? contract.permission.by : undefined
  if (by?.startsWith('body.')) return { [by.slice(5)]: value ?? 'unheard-of' }
  return BODIES[name]
}

/** What an answer says about the caller's right, whatever else it says. */
function verdictOf(status: number, code: string | undefined): string {
  if (status === 401 && code === 'NOT_SIGNED_IN') return 'sign-in'
  if (code === 'PERMISSION_DENIED') return 'forbidden'
  if (code === 'SERVER_NOT_FOUND') return 'hidden'
  if (code === 'VALIDATION_FAILED') return 'invalid'
  return 'allowed'
}

async function answerOf(stage: Stage, row: MatrixRow, kind: PrincipalKind): Promise<string> {
  const contract = CONTRACTS.get(row.door)!
  const client = await callerOf(stage, kind, row.required)
  const { status, body } = await client.call(contract, {
    params: paramsOf(contract, stage.server, row.value) as never,
    query: QUERIES[row.door] as never,
    body: bodyOf(row.door, contract, row.value) as never,
  })
  const code = (body as { error?: { code?: string } }).error?.code
  if (status >= 500 && !['NODE_UNREACHABLE', 'NODE_TIMEOUT'].includes(code ?? '')) {
    throw new Error(`${row.door} answered ${status} ${code}`)
  }
  return verdictOf(status, code)
}

describe('authorisation matrix', () => {
  const endpoints = MATRIX.filter(({ kind }) => kind === 'endpoint')

  test('every endpoint has a verdict for every caller, and the running panel answers it', async () => {
    // Every name leads to an address that is refused.
    await using panel = await createTestPanel({ outbound: { lookup: async () => ['10.0.0.1'] } })
    const wrong: string[] = []
    for (const row of endpoints) {
      for (const kind of CALLERS) {
        // A stage of its own: what one caller may delete is there for the next.
        const stated = row.verdicts[kind]
        const answered = await answerOf(await stageOf(panel), row, kind)
        // Who is nobody, or has no right to say anything here, is sent away before or after the form is looked at.
        const isSame = answered === stated || (row.required === 'never' && answered === 'sign-in')
        if (!isSame)
          wrong.push(
            `${row.door}${row.value === undefined ? '' : `(${row.value})`} by ${kind}: ${answered}, not ${stated}`,
          )
      }
    }
    expect(wrong).toEqual([])
    expect(endpoints.length).toBeGreaterThanOrEqual(CONTRACTS.size)
  }, 120_000)

  test('every live topic and command answers its verdict', async () => {
    await using panel = await createTestPanel()
    const url = await panel.listen()
    const wrong: string[] = []
    for (const row of MATRIX.filter(({ kind }) => kind !== 'endpoint')) {
      for (const kind of CALLERS) {
        const stage = await stageOf(panel)
        const client = await callerOf(stage, kind, row.required)
        await using viewer = await TestViewer.open(url, client)
        const answered = await liveAnswer(viewer, row, stage.server)
        if (answered !== row.verdicts[kind])
          wrong.push(`${row.door} by ${kind}: ${answered}, not ${row.verdicts[kind]}`)
      }
    }
    expect(wrong).toEqual([])
  }, 60_000)

  test('negative control: a door that is open by mistake is found', async () => {
    await using panel = await createTestPanel()
    const row = endpoints.find(({ door }) => door === 'deleteServer')!
    const open = { ...row, required: 'public', door: 'getSystem' } as const
    expect(await answerOf(await stageOf(panel), open, 'anonymous')).not.toBe(row.verdicts.anonymous)
    expect(await answerOf(await stageOf(panel), row, 'owner')).toBe(row.verdicts.owner)
  })
})

async function liveAnswer(viewer: TestViewer, row: MatrixRow, server: TestServer): Promise<string> {
  await until(() => viewer.closedWith !== null || viewer.messages.length > 0)
  if (viewer.closedWith === 4401) return 'sign-in'
  const isOfServer = typeof row.required === 'object' && 'server' in row.required
  const answer =
    row.kind === 'command'
      ? await viewer.ask({ type: 'command', server: server.uuid, command: 'hi' })
      : await viewer.subscribe(isOfServer ? `${row.door}:${server.uuid}` : row.door)
  return answer.type === 'error' ? verdictOf(403, answer.error.code) : 'allowed'
}
