import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Runtime, Volumes } from '@hatchery/core/runtime'
import { createDaemon, type Daemon, type DaemonOptions } from '../create-daemon.ts'
import { createEndpoints } from '../endpoints/index.ts'
import { createVolumeFileTree } from '../files/index.ts'
import { createMemoryRuntime, type MemoryRuntimeOptions } from '../runtimes/memory/index.ts'
import { createDirectoryVolumes } from '../volumes/index.ts'
import { FakePanel } from './fake-panel.ts'
import { newOperation, serverSpec } from './server-spec.ts'
import type { ServerSpec } from '@hatchery/core/protocol'

export interface TestAgentOptions {
  readonly runtime?: (dataDirectory: string) => Runtime
  readonly memory?: MemoryRuntimeOptions
  /** @default plain directories */
  readonly volumes?: (root: string) => Volumes
  readonly outlivesAgent?: boolean
  readonly daemon?: Partial<DaemonOptions>
}

/** A whole agent beside a panel; both go away with the test. */
export class TestAgent implements AsyncDisposable {
  readonly dataDirectory = mkdtempSync(join(tmpdir(), 'hatchery-agent-'))
  readonly panel: FakePanel
  readonly runtime: Runtime
  readonly #options: TestAgentOptions
  #daemon: Daemon | null = null

  private constructor(panel: FakePanel, options: TestAgentOptions) {
    this.panel = panel
    this.#options = options
    this.runtime = options.runtime?.(this.dataDirectory) ?? createMemoryRuntime(options.memory)
  }

  static async start(options: TestAgentOptions = {}): Promise<TestAgent> {
    const agent = new TestAgent(await FakePanel.start(), options)
    await agent.start()
    return agent
  }

  async start(): Promise<void> {
    const { runtime, dataDirectory, panel } = this
    const root = join(dataDirectory, 'volumes')
    const volumes = this.#options.volumes?.(root) ?? createDirectoryVolumes({ root })
    this.#daemon = await createDaemon({
      dataDirectory,
      panelUrl: panel.url,
      enrolmentToken: async () => panel.token,
      log: pino({ level: process.env['HATCHERY_TEST_LOG'] ?? 'silent' }, pino.destination(2)),
      parts: () => ({
        runtime,
        // The runtime outlives this life of the agent, as an engine does.
        dispose: async () => {},
        volumes,
        files: createVolumeFileTree,
        endpoints: createEndpoints({ allocationsOf: () => [] }),
        outlivesAgent: this.#options.outlivesAgent ?? true,
      }),
      ...this.#options.daemon,
    })
    await this.#daemon.start()
    await this.#daemon.connected()
    await panel.until(() => panel.isConnected, 'the agent is connected')
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop()
    this.#daemon = null
  }

  /** A server that is installed and whose console is watched. */
  async installed(change: Partial<ServerSpec> = {}): Promise<ServerSpec> {
    const spec = serverSpec(change)
    await this.panel.call('server.apply', { spec })
    const operation = newOperation()
    const flags = { isReinstall: false, skipScript: true, startWhenInstalled: false }
    await this.panel.call('server.install', { server: spec.id, ...flags, ...operation })
    await this.panel.untilFinished(operation.operation)
    await this.panel.call('console.watch', { server: spec.id, after: null, tail: 100 })
    return spec
  }

  async power(server: string, action: 'start' | 'stop' | 'restart' | 'kill'): Promise<string> {
    const operation = newOperation(60_000)
    await this.panel.call('server.power', { server, action, ...operation })
    return operation.operation
  }

  async running(change: Partial<ServerSpec> = {}): Promise<ServerSpec> {
    const spec = await this.installed(change)
    await this.power(spec.id, 'start')
    await this.panel.untilState(spec.id, 'running')
    return spec
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.runtime[Symbol.asyncDispose]()
    await this.panel[Symbol.asyncDispose]()
    rmSync(this.dataDirectory, { recursive: true, force: true })
  }
}
