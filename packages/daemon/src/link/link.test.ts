import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createDaemon } from '../create-daemon.ts'
import { createEndpoints } from '../endpoints/index.ts'
import { createVolumeFileTree } from '../files/index.ts'
import { createMemoryRuntime } from '../runtimes/memory/index.ts'
import { FakePanel } from '../testing/fake-panel.ts'
import { newOperation } from '../testing/server-spec.ts'
import { TestAgent } from '../testing/test-agent.ts'
import { createDirectoryVolumes } from '../volumes/index.ts'
import { parsePanelAddress } from './panel-address.ts'

describe('panel address', () => {
  test('names the node in the upgrade, below the path the panel lives at', () => {
    const address = parsePanelAddress('https://host.example/games/')
    expect(address.webSocket('/api/agent/link', 'abc').href).toBe('wss://host.example/games/api/agent/link?node=abc')
    expect(address.http('/api/v1/agent/enrol').href).toBe('https://host.example/games/api/v1/agent/enrol')
  })

  test.each(['http://127.0.0.1:8080', 'http://localhost:1', 'http://[::1]:8080', 'https://panel.example'])(
    'takes %s',
    (url) => expect(parsePanelAddress(url).text).toBe(url),
  )

  test.each(['http://panel.example', 'http://10.0.0.1', 'http://127.0.0.1.example', 'http://0.0.0.0'])(
    'refuses %s: without TLS only this machine',
    (url) => expect(() => parsePanelAddress(url)).toThrow(/without TLS/),
  )

  test.each(['ftp://x', 'panel.example', '', 'https://me:pw@panel.example'])('refuses "%s"', (url) => {
    expect(() => parsePanelAddress(url)).toThrow()
  })
})

async function withAgent(panelUrl: string, token: string | null, log: (text: string) => void = () => {}) {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'hatchery-enrol-'))
  const runtime = createMemoryRuntime()
  const daemon = await createDaemon({
    dataDirectory,
    panelUrl,
    enrolmentToken: async () => token,
    log: pino({ level: 'trace' }, { write: log }),
    parts: () => ({
      runtime,
      volumes: createDirectoryVolumes({ root: join(dataDirectory, 'volumes') }),
      files: createVolumeFileTree,
      endpoints: createEndpoints({ allocationsOf: () => [] }),
      outlivesAgent: true,
    }),
  })
  return {
    daemon,
    async [Symbol.asyncDispose]() {
      await daemon.stop()
      rmSync(dataDirectory, { recursive: true })
    },
  }
}

describe('enrolment', () => {
  test('a wrong token is refused with its reason', async () => {
    await using panel = await FakePanel.start()
    await using agent = await withAgent(panel.url, 'a-token-that-nobody-has-made')
    await expect(agent.daemon.start()).rejects.toMatchObject({ code: 'ENROLMENT_TOKEN_INVALID' })
  })

  test('without a token the agent says what to do', async () => {
    await using panel = await FakePanel.start()
    await using agent = await withAgent(panel.url, null)
    await expect(agent.daemon.start()).rejects.toThrow(/enrolment token/)
  })

  test('is made once: the next start uses the stored secret', async () => {
    await using agent = await TestAgent.start()
    await agent.stop()
    await agent.start()
    expect(agent.panel.enrolments).toHaveLength(1)
    expect(agent.panel.sessions).toBe(2)
  })

  test('neither token nor secret is ever in the log', async () => {
    await using panel = await FakePanel.start()
    let log = ''
    await using agent = await withAgent(panel.url, panel.token, (text) => void (log += text))
    await agent.daemon.start()
    await agent.daemon.connected()
    const [{ secret }] = panel.enrolments as [{ secret: string }]
    expect(log).toContain('connected to the panel')
    expect(log).not.toContain(secret)
    expect(log).not.toContain(panel.token)
  })
})

describe('connection', () => {
  test('a lost connection is made again, and events of the meantime arrive', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    agent.panel.disconnect()
    await agent.runtime.kill(spec.id)
    await agent.panel.until(() => agent.panel.eventsOf('server.crashed').length > 0, 'the crash is known')
    expect(agent.panel.sessions).toBeGreaterThanOrEqual(2)
  })

  test('a panel that asks for a snapshot gets every server', async () => {
    await using agent = await TestAgent.start()
    await agent.panel.until(() => agent.panel.eventsOf('snapshot').length === 1, 'the snapshot came')
  })

  test('an agent on another machine attaches, but starts nothing until that is confirmed', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.installed()
    await agent.stop()
    const file = new Database(join(agent.dataDirectory, 'agent.sqlite'))
    file.prepare(`update identity set machine = 'another'`).run()
    file.close()
    await agent.start()
    await expect(agent.power(spec.id, 'start')).rejects.toMatchObject({ code: 'INSTALLATION_MISMATCH' })
  })
})

test('a command that a crash cut off is reported as unknown, and never written a second time', async () => {
  await using agent = await TestAgent.start()
  const spec = await agent.running()
  const command = { server: spec.id, command: 'once', ...newOperation() }
  await agent.panel.call('server.command', command)
  await agent.stop()
  // As if the agent had died between the record and the answer.
  const file = new Database(join(agent.dataDirectory, 'agent.sqlite'))
  file.prepare('update operations set answer = null, status = null where id = ?').run(command.operation)
  file.close()
  await agent.start()
  expect(await agent.panel.untilFinished(command.operation)).toMatchObject({ status: 'unknown' })
  await expect(agent.panel.call('server.command', command)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  const { lines } = await agent.panel.call('console.read', { server: spec.id, after: null, limit: 100 })
  expect(lines.filter(({ text }) => text === 'got once')).toHaveLength(1)
})

test('the state file is readable for its owner only', async () => {
  await using agent = await TestAgent.start()
  expect(statSync(join(agent.dataDirectory, 'agent.sqlite')).mode & 0o077).toBe(0)
})
