import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { hasEngine, importBusybox } from './runtimes/test-engine.ts'
import { AgentProcess } from './testing/agent-process.ts'
import { FakePanel } from './testing/fake-panel.ts'
import { newOperation, serverSpec } from './testing/server-spec.ts'

const IMAGE = 'hatchery-agent-machine/busybox:1'
/** Answers each line; `boom` ends it with code 7, `stop` with 0. */
const ECHO =
  'echo ready; while read -r line; do case "$line" in stop) exit 0;; boom) exit 7;; *) echo "answer: $line";; esac; done'

const RUNTIMES = ['process' as const, ...(hasEngine('the whole agent on Docker') ? ['docker' as const] : [])]
if (RUNTIMES.includes('docker')) importBusybox(IMAGE)
afterAll(() => {
  if (RUNTIMES.includes('docker')) spawnSync('docker', ['rmi', '-f', IMAGE])
})

class Machine implements AsyncDisposable {
  readonly dataDirectory = mkdtempSync(join(tmpdir(), 'hatchery-machine-'))
  readonly panel: FakePanel
  readonly agent: AgentProcess
  readonly #servers: string[] = []

  private constructor(panel: FakePanel, runtime: 'docker' | 'process') {
    this.panel = panel
    this.agent = new AgentProcess({ panel, dataDirectory: this.dataDirectory, runtime })
  }

  static async start(runtime: 'docker' | 'process'): Promise<Machine> {
    const machine = new Machine(await FakePanel.start(), runtime)
    await machine.agent.start()
    return machine
  }

  async install(change: Parameters<typeof serverSpec>[0] = {}) {
    const spec = serverSpec({
      image: IMAGE,
      startup: ECHO,
      environment: { STARTUP: ECHO },
      stop: { type: 'command', command: 'stop' },
      ...change,
    })
    this.#servers.push(spec.id)
    await this.panel.call('server.apply', { spec })
    await this.panel.call('console.watch', { server: spec.id, after: null, tail: 0 })
    const operation = newOperation()
    const flags = { isReinstall: false, skipScript: spec.install === null, startWhenInstalled: true }
    await this.panel.call('server.install', { server: spec.id, ...flags, ...operation })
    return { spec, operation: operation.operation }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      const operation = newOperation()
      await this.panel.call('server.delete', { server, generation: { epoch: 1, n: 99 }, ...operation })
      await this.panel.untilFinished(operation.operation)
    }
    await this.agent.kill('SIGTERM')
    await this.panel[Symbol.asyncDispose]()
    rmSync(this.dataDirectory, { recursive: true, force: true })
  }
}

describe.each(RUNTIMES)('the agent as a program, on %s', (runtime) => {
  test('from nothing to a running server that answers, crashes, comes back and stops', async () => {
    await using machine = await Machine.start(runtime)
    const { panel } = machine
    const { spec, operation } = await machine.install()
    expect(await panel.untilFinished(operation)).toMatchObject({ status: 'succeeded' })
    await panel.untilState(spec.id, 'running')
    await panel.call('server.command', { server: spec.id, command: 'hello', ...newOperation() })
    await panel.untilLine('answer: hello')

    await panel.call('stats.watch', { server: spec.id })
    await panel.until(() => panel.ephemeral.some(({ name }) => name === 'stats'), 'statistics came')
    await panel.call('server.command', { server: spec.id, command: 'boom', ...newOperation() })
    await panel.until(() => panel.eventsOf('server.crashed').length === 1, 'the crash is reported')
    expect(panel.eventsOf('server.crashed')[0]).toMatchObject({ code: 7, run: 1 })
    await panel.until(
      () => panel.reportOf(spec.id)?.run === 2 && panel.reportOf(spec.id)?.state === 'running',
      'it is back',
    )

    const stop = newOperation()
    await panel.call('server.power', { server: spec.id, action: 'stop', ...stop })
    expect(await panel.untilFinished(stop.operation)).toMatchObject({ status: 'succeeded' })
    expect(panel.reportOf(spec.id)).toMatchObject({ state: 'offline', exit: { reason: 'stopped', code: 0 } })
  }, 60_000)

  test('SIGTERM ends the agent with code 0; afterwards the server is where it should be', async () => {
    await using machine = await Machine.start(runtime)
    const { panel } = machine
    const { spec } = await machine.install()
    await panel.untilState(spec.id, 'running')
    expect(await machine.agent.kill('SIGTERM')).toBe(0)
    await machine.agent.start()
    // A container ran on; a process was stopped gracefully and is started again.
    const run = runtime === 'docker' ? 1 : 2
    await panel.until(
      () => panel.reportOf(spec.id)?.run === run && panel.reportOf(spec.id)?.state === 'running',
      `run ${run} runs`,
    )
    expect(panel.eventsOf('server.crashed')).toEqual([])
  }, 60_000)
})

test.runIf(RUNTIMES.includes('docker'))(
  'an install script runs in its own container and leaves its files to the server',
  async () => {
    await using machine = await Machine.start('docker')
    const { panel, dataDirectory } = machine
    const script = 'echo installing $WHAT\necho "it is here" > /mnt/server/proof.txt\n'
    const { spec, operation } = await machine.install({
      install: { image: IMAGE, entrypoint: 'sh', script },
      environment: { STARTUP: ECHO, WHAT: 'a-game' },
    })
    expect(await panel.untilFinished(operation)).toMatchObject({ status: 'succeeded' })
    await panel.untilLine('installing a-game')
    await panel.untilState(spec.id, 'running')
    const data = join(dataDirectory, 'volumes', spec.id, 'data-1')
    expect(readFileSync(join(data, 'proof.txt'), 'utf8')).toBe('it is here\n')

    // Work on the files is the server's own: its identity does it.
    const { id: server } = spec
    await panel.call('files.create', { server, path: 'made/later.txt', type: 'file', target: null })
    expect(statSync(join(data, 'made/later.txt')).uid).toBe(statSync(data).uid)
    expect(statSync(data).uid).not.toBe(0)
    const { entries } = await panel.call('files.list', { server, path: '', sort: 'name', offset: 0, limit: 10 })
    expect(entries.map(({ name }) => name)).toEqual(['made', 'proof.txt'])
  },
  60_000,
)
