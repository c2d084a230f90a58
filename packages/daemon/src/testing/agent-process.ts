import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FakePanel } from './fake-panel.ts'

export interface AgentProcessOptions {
  readonly panel: FakePanel
  readonly dataDirectory: string
  readonly runtime: 'docker' | 'process'
  /** Beside this process's own; for broken builds. */
  readonly env?: Readonly<Record<string, string>>
}

/** The agent as it is deployed: a process of its own, which can be killed. */
export class AgentProcess {
  readonly #options: AgentProcessOptions
  #child: ChildProcess | null = null
  /** What it wrote to its log. */
  log = ''

  constructor(options: AgentProcessOptions) {
    this.#options = options
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('The agent does not run.')
    return this.#child.pid
  }

  /** Settles when the panel has a session with it. */
  async start(): Promise<void> {
    const { panel, dataDirectory, runtime, env = {} } = this.#options
    const sessions = panel.sessions
    const main = fileURLToPath(new URL('../main.ts', import.meta.url))
    const options = ['--panel', panel.url, '--data-dir', dataDirectory, '--runtime', runtime]
    const child = spawn(
      process.execPath,
      ['--conditions=@hatchery/source', main, ...options, '--enrol-token-stdin', '--log-level', 'debug'],
      { stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, ...env } },
    )
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (this.log += text))
    child.stdin.on('error', () => {
      // It was killed before it read its token.
    })
    child.stdin.end(panel.token)
    await panel.until(() => panel.sessions > sessions && panel.isConnected, 'the agent is connected', 60_000)
  }

  /**
   * By default as the kernel does when memory runs out: nothing is flushed, nobody is told.
   * @returns its exit code
   */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
    this.#child = null
    return child.exitCode
  }
}
