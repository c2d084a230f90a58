import { describe, expect, test, vi } from 'vitest'
import { AppError } from '../errors/index.ts'
import { PANEL_CALLS, type PanelParams, type SshIdentity } from './panel-methods.ts'
import type { AgentSession, PanelHandlers } from './session.ts'
import { SERVER, manualTimers, openLink, rejectionOf, settle, type TestLinkOptions } from './test-link.ts'

const USER = '018f2f6e-0000-7000-8000-0000000000aa'
const IDENTITY: SshIdentity = {
  user: USER,
  name: 'ada',
  server: SERVER,
  permissions: ['file.read'],
  accessRevision: 3,
  credentialId: 'key-7',
}
const ASK: PanelParams<'ssh.authenticate'> = {
  username: 'ada.6f0c1c9a',
  address: '192.0.2.7',
  credential: { kind: 'publicKey', algorithm: 'ssh-ed25519', key: 'AAAAC3NzaC1lZDI1NTE5', isSigned: true },
}

/** A link on which the agent may call, with what the panel does then. */
function openCalls(authenticate: PanelHandlers['ssh.authenticate'], options: TestLinkOptions = {}) {
  return openLink({
    ...options,
    accept: {
      panel: { name: 'Test panel', version: '0.1.0', features: [PANEL_CALLS] },
      handlers: () => ({
        onEvents: async () => {},
        onEphemeral: () => {},
        methods: { 'ssh.authenticate': authenticate },
      }),
      ...options.accept,
    },
    connect: { agent: { version: '0.1.0', features: [PANEL_CALLS] }, ...options.connect },
  })
}

/** Calls that a panel never answers until it is told to. */
function gate() {
  const calls: { readonly signal: AbortSignal; finish(): void }[] = []
  const handler: PanelHandlers['ssh.authenticate'] = (_params, signal) =>
    new Promise((resolve) => calls.push({ signal, finish: () => resolve(null) }))
  return { calls, handler }
}

const callAnything = (agent: AgentSession, method: string, params: unknown) =>
  agent.call(method as 'ssh.authenticate', params as PanelParams<'ssh.authenticate'>)

test('an agent asks its panel, which answers, while calls go the other way', async () => {
  const asked: unknown[] = []
  await using link = await openCalls(
    async (params) => {
      asked.push(params)
      return params.credential.kind === 'publicKey' ? IDENTITY : null
    },
    { connect: { handlers: { 'server.stats': async () => ({ state: 'offline', stats: null }) } } },
  )
  const answers = await Promise.all([
    link.agent.call('ssh.authenticate', ASK),
    link.panel.call('server.stats', { server: SERVER }),
    link.agent.call('ssh.authenticate', { ...ASK, credential: { kind: 'password', password: 'hunter2' } }),
  ])
  expect(answers).toEqual([IDENTITY, { state: 'offline', stats: null }, null])
  expect(asked).toHaveLength(2)
})

test("the panel's refusal arrives with its code and details", async () => {
  await using link = await openCalls(async () => {
    throw new AppError('RATE_LIMITED', { retryAfterSeconds: 7 })
  })
  await expect(link.agent.call('ssh.authenticate', ASK)).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    details: { retryAfterSeconds: 7 },
  })
})

describe('between an older and a newer side', () => {
  test.each([
    ['panel', { accept: { panel: { name: 'old', version: '0.1.0', features: ['console'] } } }],
    ['agent', { connect: { agent: { version: '0.1.0', features: [] } } }],
  ] satisfies [string, TestLinkOptions][])('an %s that knows no calls is never sent one', async (_side, options) => {
    const authenticate = vi.fn<PanelHandlers['ssh.authenticate']>(async () => null)
    await using link = await openCalls(authenticate, options)
    const before = link.pair.log.length
    await expect(link.agent.call('ssh.authenticate', ASK)).rejects.toMatchObject({ code: 'METHOD_UNKNOWN' })
    expect(link.pair.log).toHaveLength(before)
    expect(authenticate).not.toHaveBeenCalled()
  })

  test('a method that the panel does not implement is unknown, and the connection stays', async () => {
    await using link = await openCalls(async () => null, {
      accept: {
        panel: { name: 'Test panel', version: '0.1.0', features: [PANEL_CALLS] },
        handlers: () => ({ onEvents: async () => {}, onEphemeral: () => {} }),
      },
    })
    await expect(link.agent.call('ssh.authenticate', ASK)).rejects.toMatchObject({ code: 'METHOD_UNKNOWN' })
    await expect(link.panel.call('node.info', {})).rejects.toMatchObject({ code: 'METHOD_UNKNOWN' })
  })
})

describe('what is agreed is checked', () => {
  test.each(['ssh.become', 'server.stats', 'toString', '__proto__'])('%s is no method of a panel', async (method) => {
    await using link = await openCalls(async () => null)
    await expect(callAnything(link.agent, method, {})).rejects.toMatchObject({ code: 'METHOD_UNKNOWN' })
  })

  test.each([
    [{ ...ASK, username: '' }],
    [{ ...ASK, username: 'x'.repeat(256) }],
    [{ ...ASK, credential: { kind: 'none' } }],
    [{ ...ASK, credential: { kind: 'password', password: 'x'.repeat(1025) } }],
    [{ ...ASK, credential: { ...ASK.credential, key: '../../etc/passwd!' } }],
    [{ ...ASK, credential: { ...ASK.credential, isSigned: 'yes' } }],
    [null],
  ])('params %# never reach the handler', async (params) => {
    const authenticate = vi.fn<PanelHandlers['ssh.authenticate']>(async () => null)
    await using link = await openCalls(authenticate)
    await expect(callAnything(link.agent, 'ssh.authenticate', params)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(authenticate).not.toHaveBeenCalled()
  })

  test('a result that is not what was agreed lets nobody in', async () => {
    const answer = { ...IDENTITY, permissions: 'all' } as unknown as SshIdentity
    await using link = await openCalls(async () => answer)
    await expect(link.agent.call('ssh.authenticate', ASK)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
  })
})

describe('limits', () => {
  test('a call that is not answered in time fails, and the panel is told to stop', async () => {
    const timers = manualTimers()
    const { calls, handler } = gate()
    await using link = await openCalls(handler, {
      connect: { timers, agent: { version: '0', features: [PANEL_CALLS] } },
    })
    const rejection = rejectionOf(link.agent.call('ssh.authenticate', ASK, { deadlineMs: 900 }))
    await timers.advance(900)
    expect(await rejection).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await settle()
    expect(calls[0]?.signal.aborted).toBe(true)
  })

  test('every call fails with CONNECTION_LOST when the connection is cut, and the handlers are told', async () => {
    const { calls, handler } = gate()
    await using link = await openCalls(handler)
    const rejection = rejectionOf(link.agent.call('ssh.authenticate', ASK))
    await settle()
    link.pair.cut()
    expect(await rejection).toMatchObject({ code: 'CONNECTION_LOST' })
    expect(calls[0]?.signal.aborted).toBe(true)
    await expect(link.agent.call('ssh.authenticate', ASK)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })

  test('no more calls are under way than the session allows; the rest waits its turn', async () => {
    const { calls, handler } = gate()
    await using link = await openCalls(handler, {
      connect: { maxPanelCalls: 2, agent: { version: '0', features: [PANEL_CALLS] } },
    })
    const answers = Array.from({ length: 3 }, () => link.agent.call('ssh.authenticate', ASK))
    await settle()
    expect(calls).toHaveLength(2)
    calls[0]?.finish()
    await settle()
    expect(calls).toHaveLength(3)
    for (const call of calls) call.finish()
    await Promise.all(answers)
  })

  test('a panel runs no more calls of an agent than it allows, whatever the agent thinks of that', async () => {
    const { calls, handler } = gate()
    await using link = await openCalls(handler, {
      accept: {
        maxPanelCalls: 1,
        panel: { name: 'Test panel', version: '0.1.0', features: [PANEL_CALLS] },
        handlers: () => ({ onEvents: async () => {}, onEphemeral: () => {}, methods: { 'ssh.authenticate': handler } }),
      },
    })
    const outcomes = Promise.allSettled(Array.from({ length: 5 }, () => link.agent.call('ssh.authenticate', ASK)))
    await settle()
    for (const call of calls) call.finish()
    const refused = (await outcomes).filter((outcome) => outcome.status === 'rejected')
    expect(calls).toHaveLength(2)
    expect(refused.map(({ reason }) => (reason as AppError).code)).toEqual(Array(3).fill('SERVICE_UNAVAILABLE'))
  })
})
