import { AgentProcess } from './agent-process.ts'
import { judgeContinuity } from './console-continuity.ts'
import { FakePanel } from './fake-panel.ts'
import { newOperation, serverSpec } from './server-spec.ts'

/** Prints numbered lines, about two thousand a second, until it reads `stop`. */
const FLOOD = `sh -c 'i=0; while :; do j=0; while [ $j -lt 50 ]; do i=$((i+1)); j=$((j+1)); echo "n $i"; done; sleep 0.02; done & read line; kill $!'`

export interface KillOptions {
  readonly runtime: 'docker' | 'process'
  readonly image: string
  readonly dataDirectory: string
  readonly kills: number
  /** Of the agent, beside this process's own; for broken builds. */
  readonly env?: Readonly<Record<string, string>>
  onKill?(kill: number, faults: number): void
}

export interface KillResult {
  readonly kills: number
  /** Numbered lines seen. */
  readonly lines: number
  readonly faults: readonly string[]
  /** From each start of the agent until its report said that the server runs. */
  readonly recoveryMs: readonly number[]
}

/**
 * Kills the agent again and again while a server floods its console, and judges what the panel saw: the stream it resumed by
 * cursor after each kill, the state reported, and the run, which must stay the same.
 */
export async function killUnderLoad(options: KillOptions): Promise<KillResult> {
  const { runtime, image, dataDirectory, kills } = options
  await using panel = await FakePanel.start()
  const agent = new AgentProcess({ panel, dataDirectory, runtime, env: options.env ?? {} })
  const spec = serverSpec({
    image,
    startup: FLOOD,
    environment: { STARTUP: FLOOD },
    done: ['n 1'],
    stop: { type: 'signal', signal: 'SIGKILL' },
    crashPolicy: { isEnabled: false, treatCleanExitAsCrash: false, maxRestarts: 0, windowMs: 0, backoffMs: 0 },
  })
  const faults: string[] = []
  const recoveryMs: number[] = []
  try {
    await agent.start()
    await panel.call('server.apply', { spec })
    const flags = { isReinstall: false, skipScript: true, startWhenInstalled: true }
    await panel.call('server.install', { server: spec.id, ...flags, ...newOperation() })
    await panel.untilState(spec.id, 'running')
    await panel.call('console.watch', { server: spec.id, after: '1:0', tail: 0 })

    for (let kill = 1; kill <= kills; kill++) {
      const seen = panel.lines.length
      // Not after a fixed time: at another place of the stream each time.
      await panel.until(() => panel.lines.length > seen + 100 + ((kill * 37) % 400), 'the console flows')
      await agent.kill()
      const reports = panel.eventsOf('server.report').length
      const startedAt = performance.now()
      const restartedAt = Date.now()
      await agent.start()
      await panel.until(() => panel.eventsOf('server.report').length > reports, 'the state is reported')
      recoveryMs.push(performance.now() - startedAt)
      const report = panel.reportOf(spec.id)
      if (report?.state !== 'running' || report.run !== 1) {
        faults.push(`after kill ${kill} the server is ${report?.state}, run ${report?.run}`)
      }
      const last = panel.lines.at(-1)
      await panel.call('console.watch', { server: spec.id, after: `${last?.run ?? 1}:${last?.line ?? 0}`, tail: 0 })
      await panel.until(() => (panel.lines.at(-1)?.at ?? 0) > restartedAt, 'the console has caught up', 30_000)
      options.onKill?.(kill, faults.length)
    }
    const seen = panel.lines.length
    await panel.until(() => panel.lines.length > seen + 200, 'the console flows')
  } catch (error) {
    faults.push(`${error instanceof Error ? error.message : String(error)}\n${agent.log.slice(-2_000)}`)
  } finally {
    await end(panel, agent, spec.id, faults)
  }
  const { lines, faults: broken } = judgeContinuity(panel.lines)
  if (panel.skipped > 0) faults.push(`${panel.skipped} lines were skipped for the viewer`)
  return { kills, lines, faults: [...faults, ...broken], recoveryMs }
}

/** Leaves nothing behind: no server, no container, no agent. */
async function end(panel: FakePanel, agent: AgentProcess, server: string, faults: string[]): Promise<void> {
  try {
    if (!panel.isConnected) {
      await agent.kill()
      await agent.start()
    }
    const operation = newOperation()
    await panel.call('server.delete', { server, generation: { epoch: 1, n: 2 }, ...operation })
    await panel.untilFinished(operation.operation)
  } catch (error) {
    faults.push(`the server could not be deleted: ${String(error)}`)
  } finally {
    await agent.kill('SIGTERM')
  }
}
