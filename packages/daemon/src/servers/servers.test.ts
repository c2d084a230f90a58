import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AddressInfo } from 'node:net'
import { createMemoryRuntime, type MemoryRuntime } from '../runtimes/memory/index.ts'
import { newOperation, serverSpec } from '../testing/server-spec.ts'
import { TestAgent } from '../testing/test-agent.ts'

const flags = { isReinstall: false, skipScript: false, startWhenInstalled: false }
const script = { image: 'installer', entrypoint: 'sh', script: 'true' }

describe('power', () => {
  test('a start that is refused says why and changes nothing', async () => {
    await using agent = await TestAgent.start()
    const spec = serverSpec()
    await agent.panel.call('server.apply', { spec })
    await expect(agent.power(spec.id, 'start')).rejects.toMatchObject({ code: 'SERVER_NOT_INSTALLED' })
    await expect(agent.power(serverSpec().id, 'start')).rejects.toMatchObject({ code: 'SERVER_NOT_FOUND' })
  })

  test('a kill ends a server that does not stop', async () => {
    await using agent = await TestAgent.start({
      memory: { program: (io) => ({ onLine: () => io.print('no'), onSignal: () => {} }) },
    })
    const spec = await agent.installed({ done: [] })
    await agent.power(spec.id, 'start')
    await agent.panel.untilState(spec.id, 'running')
    await agent.power(spec.id, 'stop')
    await agent.panel.untilState(spec.id, 'stopping')
    await agent.power(spec.id, 'kill')
    await agent.panel.untilState(spec.id, 'offline')
    expect(agent.panel.reportOf(spec.id)?.exit).toMatchObject({ reason: 'killed', code: 137 })
  })

  test('a restart ends the run and begins the next', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    const operation = await agent.power(spec.id, 'restart')
    expect(await agent.panel.untilFinished(operation)).toMatchObject({ status: 'succeeded' })
    await agent.panel.until(() => agent.panel.reportOf(spec.id)?.run === 2, 'the second run is there')
  })

  test('a port that another program holds fails the start with its number', async () => {
    await using agent = await TestAgent.start()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const spec = await agent.installed({ allocations: [{ ip: '127.0.0.1', port, alias: null, isPrimary: true }] })
    const operation = await agent.power(spec.id, 'start')
    const finished = await agent.panel.untilFinished(operation)
    other.close()
    expect(finished).toMatchObject({ status: 'failed', error: { code: 'PORT_IN_USE', details: { port } } })
    expect(agent.panel.reportOf(spec.id)?.state).toBe('offline')
  })

  test('a hold stops a running server and forbids a start', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    await agent.panel.call('server.apply', { spec: { ...spec, generation: { epoch: 1, n: 2 }, holds: ['billing'] } })
    await agent.panel.untilState(spec.id, 'offline')
    await expect(agent.power(spec.id, 'start')).rejects.toMatchObject({ code: 'SERVER_SUSPENDED' })
  })

  test('typing the stop command in the console is a stop', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    await agent.panel.call('server.command', { server: spec.id, command: 'exit 0', ...newOperation() })
    await agent.panel.untilState(spec.id, 'offline')
    expect(agent.panel.reportOf(spec.id)?.exit).toMatchObject({ reason: 'stopped' })
  })
})

describe('crashes', () => {
  test('a crash is reported with the last lines, and the server started again until the limit', async () => {
    await using agent = await TestAgent.start({
      memory: { program: (io) => (io.print('ready'), setImmediate(() => (io.print('oh no'), io.exit(3))), {}) },
    })
    const spec = await agent.installed()
    await agent.power(spec.id, 'start')
    const crashes = () => agent.panel.eventsOf('server.crashed')
    await agent.panel.until(() => crashes().length === 3, 'it has crashed three times')
    expect(crashes()[0]).toMatchObject({ server: spec.id, run: 1, code: 3, lastLines: ['ready', 'oh no'] })
    expect(crashes().map(({ restartAt }) => restartAt === null)).toEqual([false, false, true])
    expect(agent.panel.reportOf(spec.id)).toMatchObject({ state: 'offline', exit: { reason: 'crashed', code: 3 } })
  })
})

describe('installation', () => {
  test('runs the script, shows its output, and starts the server when asked to', async () => {
    await using agent = await TestAgent.start({
      memory: { install: async (_spec, onLine) => (onLine('downloading'), { exitCode: 0, oomKilled: false }) },
    })
    const spec = serverSpec({ install: script })
    await agent.panel.call('server.apply', { spec })
    await agent.panel.call('console.watch', { server: spec.id, after: null, tail: 0 })
    const operation = newOperation()
    await agent.panel.call('server.install', { server: spec.id, ...flags, startWhenInstalled: true, ...operation })
    await agent.panel.untilState(spec.id, 'running')
    expect(await agent.panel.untilFinished(operation.operation)).toMatchObject({ status: 'succeeded' })
    expect(agent.panel.eventsOf('operation.started')).toContainEqual(
      expect.objectContaining({ operation: operation.operation }),
    )
    await agent.panel.untilLine('downloading')
    expect(agent.panel.lines).toContainEqual(expect.objectContaining({ kind: 'install', text: 'downloading' }))
  })

  test('a script that fails leaves the server not installed, with its exit code', async () => {
    await using agent = await TestAgent.start({ memory: { install: async () => ({ exitCode: 7, oomKilled: false }) } })
    const spec = serverSpec({ install: script })
    await agent.panel.call('server.apply', { spec })
    const operation = newOperation()
    await agent.panel.call('server.install', { server: spec.id, ...flags, ...operation })
    const finished = await agent.panel.untilFinished(operation.operation)
    expect(finished).toMatchObject({ status: 'failed', error: { code: 'INSTALL_FAILED', details: { exitCode: 7 } } })
    expect(agent.panel.reportOf(spec.id)).toMatchObject({ install: 'failed' })
  })

  test('an installation can be cancelled', async () => {
    await using agent = await TestAgent.start({
      memory: {
        install: (_spec, onLine, signal) => {
          onLine('waiting')
          return new Promise((_resolve, reject) =>
            signal?.addEventListener('abort', () => reject(new Error('aborted'))),
          )
        },
      },
    })
    const spec = serverSpec({ install: script })
    await agent.panel.call('server.apply', { spec })
    await agent.panel.call('console.watch', { server: spec.id, after: null, tail: 10 })
    const { operation, ...rest } = newOperation()
    await agent.panel.call('server.install', { server: spec.id, ...flags, operation, ...rest })
    await agent.panel.untilLine('waiting')
    await agent.panel.call('operation.cancel', { operation })
    expect(await agent.panel.untilFinished(operation)).toMatchObject({ status: 'cancelled' })
  })

  test('an installation that was cut off by a crash is run again', async () => {
    let isHanging = true
    let tries = 0
    await using agent = await TestAgent.start({
      memory: {
        install: (_spec, onLine, signal) => {
          tries += 1
          onLine('working')
          if (!isHanging) return Promise.resolve({ exitCode: 0, oomKilled: false })
          return new Promise((_resolve, reject) =>
            signal?.addEventListener('abort', () => reject(new Error('aborted'))),
          )
        },
      },
    })
    const spec = serverSpec({ install: script })
    await agent.panel.call('server.apply', { spec })
    await agent.panel.call('console.watch', { server: spec.id, after: null, tail: 10 })
    const operation = newOperation()
    await agent.panel.call('server.install', { server: spec.id, ...flags, ...operation })
    await agent.panel.untilLine('working')
    await agent.stop()
    isHanging = false
    await agent.start()
    expect(await agent.panel.untilFinished(operation.operation)).toMatchObject({ status: 'succeeded' })
    expect(tries).toBe(2)
  })

  test('a reinstall stops the server first', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    const operation = newOperation()
    await agent.panel.call('server.install', { server: spec.id, ...flags, isReinstall: true, ...operation })
    await agent.panel.untilFinished(operation.operation)
    expect(agent.panel.reportOf(spec.id)).toMatchObject({ state: 'offline', install: 'installed' })
  })

  test('a runtime without isolation refuses scripts with a reason', async () => {
    await using agent = await TestAgent.start({ memory: { capabilities: { install: false } } })
    const spec = serverSpec({ install: script })
    await agent.panel.call('server.apply', { spec })
    const operation = newOperation()
    await agent.panel.call('server.install', { server: spec.id, ...flags, ...operation })
    expect(await agent.panel.untilFinished(operation.operation)).toMatchObject({
      error: { code: 'INSTALL_NOT_ISOLATED' },
    })
  })
})

describe('operations', () => {
  test('the same operation is carried out once and answered alike; another content is an error', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    const command = { server: spec.id, command: 'once', ...newOperation() }
    await agent.panel.call('server.command', command)
    await agent.panel.call('server.command', command)
    await agent.panel.untilLine('got once')
    const { lines } = await agent.panel.call('console.read', { server: spec.id, after: null, limit: 100 })
    expect(lines.filter(({ text }) => text === 'got once')).toHaveLength(1)
    await expect(agent.panel.call('server.command', { ...command, command: 'other' })).rejects.toMatchObject({
      code: 'OPERATION_BODY_MISMATCH',
    })
  })

  test('an older specification is refused, the same one again is not', async () => {
    await using agent = await TestAgent.start()
    const spec = serverSpec({ generation: { epoch: 1, n: 5 } })
    await agent.panel.call('server.apply', { spec })
    await expect(agent.panel.call('server.apply', { spec })).resolves.toMatchObject({ generation: { epoch: 1, n: 5 } })
    const older = { ...spec, generation: { epoch: 1, n: 4 } }
    await expect(agent.panel.call('server.apply', { spec: older })).rejects.toMatchObject({ code: 'OPERATION_STALE' })
  })
})

describe('deletion', () => {
  test('ends the server, removes its files and leaves a tombstone that older specifications cannot pass', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    const files = join(agent.dataDirectory, 'volumes', spec.id)
    expect(existsSync(files)).toBe(true)
    const operation = newOperation()
    await agent.panel.call('server.delete', { server: spec.id, generation: { epoch: 1, n: 2 }, ...operation })
    expect(await agent.panel.untilFinished(operation.operation)).toMatchObject({ status: 'succeeded' })
    expect(agent.panel.eventsOf('server.deleted')).toMatchObject([{ server: spec.id, generation: { epoch: 1, n: 2 } }])
    expect(existsSync(files)).toBe(false)
    expect(await agent.runtime.list()).toEqual([])
    await expect(agent.panel.call('server.apply', { spec })).rejects.toMatchObject({ code: 'OPERATION_STALE' })
  })

  test('a deletion that is older than the stored specification is refused', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.installed({ generation: { epoch: 1, n: 9 } })
    const params = { server: spec.id, generation: { epoch: 1, n: 8 }, ...newOperation() }
    await expect(agent.panel.call('server.delete', params)).rejects.toMatchObject({ code: 'OPERATION_STALE' })
  })

  test('nothing is deleted while the node is in recovery', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.installed()
    agent.panel.isRecovery = true
    await agent.stop()
    await agent.start()
    const params = { server: spec.id, generation: { epoch: 1, n: 8 }, ...newOperation() }
    await expect(agent.panel.call('server.delete', params)).rejects.toMatchObject({ code: 'NODE_IN_RECOVERY' })
  })
})

describe('after a restart of the agent', () => {
  test('a server that runs is found running, and its console goes on without gap or repetition', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    await agent.panel.call('server.command', { server: spec.id, command: 'before', ...newOperation() })
    await agent.panel.untilLine('got before')
    await agent.stop()
    await agent.runtime.stdin(spec.id, 'meanwhile')
    await agent.start()
    await agent.panel.call('server.command', { server: spec.id, command: 'after', ...newOperation() })
    const { lines } = await agent.panel.call('console.read', { server: spec.id, after: '1:0', limit: 100 })
    const output = lines.filter(({ kind }) => kind === 'out' || kind === 'gap').map(({ text }) => text)
    expect(output.slice(0, 3)).toEqual(['ready', 'got before', 'got meanwhile'])
    expect(lines.map(({ line }) => line)).toEqual(lines.map((_line, index) => index + 1))
    expect(agent.panel.reportOf(spec.id)).toMatchObject({ state: 'running', run: 1 })
  })

  test('a server that crashed meanwhile is judged and started again', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    await agent.stop()
    await agent.runtime.stdin(spec.id, 'exit 9')
    await agent.start()
    await agent.panel.until(
      () => agent.panel.eventsOf('server.crashed').some(({ code }) => code === 9),
      'the crash is reported',
    )
    await agent.panel.until(() => agent.panel.reportOf(spec.id)?.run === 2, 'it runs again')
  })

  test('a server that nobody knows is listed as an orphan and never touched, until a specification adopts it', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    await agent.stop()
    for (const name of ['agent.sqlite', 'agent.sqlite-wal']) rmSync(join(agent.dataDirectory, name), { force: true })
    await agent.start()
    await agent.panel.until(() => agent.panel.reportOf(spec.id)?.isOrphaned === true, 'the orphan is reported')
    expect((await agent.runtime.inspect(spec.id))?.isRunning).toBe(true)
    const { servers } = await agent.panel.call('server.list', {})
    expect(servers).toMatchObject([{ server: spec.id, isOrphaned: true, state: 'running' }])
    const adopted = await agent.panel.call('server.apply', { spec })
    expect(adopted).toMatchObject({ isOrphaned: false, state: 'running' })
  })

  test('where servers do not outlive the agent they are stopped gracefully, and run again after its next start', async () => {
    await using agent = await TestAgent.start({ outlivesAgent: false })
    const spec = await agent.running()
    await agent.stop()
    expect(await agent.runtime.inspect(spec.id)).toMatchObject({ isRunning: false, exitCode: 0 })
    await agent.start()
    await agent.panel.until(() => agent.panel.reportOf(spec.id)?.run === 2, 'it runs again')
    expect(agent.panel.eventsOf('server.crashed')).toEqual([])
  })
})

describe('files and features', () => {
  test('accepting the EULA writes the file, answers the question and starts the server', async () => {
    const runtime: MemoryRuntime = createMemoryRuntime({
      program: (io) => {
        const eula = join(io.spec.dataDirectory, 'eula.txt')
        if (existsSync(eula)) return (io.print('ready'), { onLine: () => io.exit(0) })
        io.print('You need to agree to the EULA in order to run the server. Go to eula.txt for more info.')
        io.exit(0)
        return {}
      },
    })
    await using agent = await TestAgent.start({ runtime: () => runtime })
    const spec = await agent.installed({ features: ['eula'] })
    await agent.power(spec.id, 'start')
    const asked = (isPending: boolean) => () =>
      agent.panel.eventsOf('server.feature').some((event) => event.feature === 'eula' && event.isPending === isPending)
    await agent.panel.until(asked(true), 'the page is asked')
    await agent.panel.untilState(spec.id, 'offline')
    await agent.panel.call('server.acceptEula', { server: spec.id, ...newOperation() })
    await agent.panel.untilState(spec.id, 'running')
    await agent.panel.until(asked(false), 'the question is answered')
    expect(readFileSync(join(agent.dataDirectory, 'volumes', spec.id, 'data-1', 'eula.txt'), 'utf8')).toBe(
      'eula=true\n',
    )
  })

  test('configuration files are brought to the specification before the start', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running({
      configFiles: [
        {
          path: 'server.properties',
          parser: 'properties',
          createFile: true,
          replace: [{ match: 'server-port', ifValue: null, value: '25570' }],
        },
      ],
    })
    const path = join(agent.dataDirectory, 'volumes', spec.id, 'data-1', 'server.properties')
    expect(readFileSync(path, 'utf8')).toContain('server-port=25570')
  })

  test('values of secret variables never reach the console', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running({
      environment: { STARTUP: 'run', PASSWORD: 'hunter22' },
      secretVariables: ['PASSWORD'],
    })
    await agent.panel.call('server.command', { server: spec.id, command: 'say hunter22', ...newOperation() })
    await agent.panel.untilLine('got say ')
    expect(JSON.stringify(agent.panel.lines)).not.toContain('hunter22')
  })

  test('statistics arrive while somebody watches', async () => {
    await using agent = await TestAgent.start()
    const spec = await agent.running()
    await agent.panel.call('stats.watch', { server: spec.id })
    await agent.panel.until(() => agent.panel.ephemeral.some(({ name }) => name === 'stats'), 'statistics came')
    const { stats } = await agent.panel.call('server.stats', { server: spec.id })
    expect(stats).toMatchObject({ pids: 1 })
  })
})

test('while the runtime does not answer, requests are refused with that reason, and all is well when it does again', async () => {
  const runtime = createMemoryRuntime()
  await using agent = await TestAgent.start({ runtime: () => runtime })
  const spec = await agent.running()
  await agent.stop()
  runtime.isAvailable = false
  await agent.start()
  await expect(agent.power(spec.id, 'restart')).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' })
  runtime.isAvailable = true
  await agent.panel.until(() => agent.panel.eventsOf('snapshot').length > 0, 'it has looked')
  await agent.power(spec.id, 'stop')
  await agent.panel.untilState(spec.id, 'offline')
}, 20_000)
