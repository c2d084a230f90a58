import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PowerAction, ServerStats } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { ProcessState, ServerReport, ServerSpec, StopMethod } from '@hatchery/core/protocol'
import type { Runtime, RunningProcess } from '@hatchery/core/runtime'
import { createStartupDetector, type PowerIntent, type StartupDetector } from '@hatchery/core/server'
import { ConsoleLog } from '../console/console-log.ts'
import { createSecretMask } from '../console/secret-mask.ts'
import { compareGenerations, type ServerRecord } from '../state/server-store.ts'
import { DiskUsage } from './disk-usage.ts'
import { toErrorBody } from './error-body.ts'
import { FeatureWatch } from './feature-watch.ts'
import { drainOutput, followRun, type FollowOptions } from './follow-run.ts'
import { InstallJob } from './install-job.ts'
import { LaunchJob } from './launch-job.ts'
import { LifecycleDriver, type WorldEffect } from './lifecycle-driver.ts'
import { lifecycleSettings } from './lifecycle-settings.ts'
import { pause } from './pause.ts'
import { explainDiskStop, type DiskReason } from './disk-watch.ts'
import { limitBytesOf } from './runtime-spec.ts'
import type { ServerContext } from './server-context.ts'

const CRASH_LINES = 20
const RETRY_MS = 1_000

/** Everything the agent does for one server. Requests go in by methods; what happens goes out as events. */
export class ServerSupervisor {
  readonly console: ConsoleLog
  readonly disk: DiskUsage
  readonly #ctx: ServerContext
  readonly #driver: LifecycleDriver
  readonly #features: FeatureWatch
  readonly #install: InstallJob
  readonly #launch: LaunchJob
  readonly #closing = new AbortController()
  #detector: StartupDetector = createStartupDetector([])
  #following: Promise<void> = Promise.resolve()

  constructor(ctx: ServerContext, record: ServerRecord) {
    this.#ctx = ctx
    this.console = new ConsoleLog(this.#consoleDirectory(record.id), {
      now: ctx.now,
      onDiskError: (error) => ctx.log.error({ server: record.id, err: error }, 'the console log cannot be written'),
    })
    this.disk = new DiskUsage(ctx.volumes, record.id, ctx.now)
    this.#driver = new LifecycleDriver(ctx, record, {
      settings: () => lifecycleSettings(ctx, this.#driver.record.spec),
      perform: (effect) => this.#perform(effect),
      lastLines: () => this.console.lastOutput(CRASH_LINES),
    })
    this.#features = new FeatureWatch(ctx, this.#driver)
    this.#install = new InstallJob(ctx, this.#driver, this.console)
    this.#launch = new LaunchJob(ctx, this.#driver, this.console)
    this.#useSpec(record.spec)
  }

  get id(): string {
    return this.#driver.record.id
  }

  get report(): ServerReport {
    return this.#driver.report
  }

  get state(): ProcessState {
    return this.#driver.record.lifecycle.process
  }

  get isDeleted(): boolean {
    return this.#driver.record.lifecycle.isDeleted
  }

  /** @throws AppError `OPERATION_STALE` if a newer spec is stored */
  apply(spec: ServerSpec): ServerReport {
    const { record } = this.#driver
    const order = record.spec ? compareGenerations(spec.generation, record.spec.generation) : 1
    if (order < 0) throw new AppError('OPERATION_STALE', { reason: 'a newer specification of the server is stored' })
    if (order === 0 && !record.isOrphaned) return this.report
    this.#ctx.state.transaction(() => {
      this.#ctx.state.servers.raiseAuthority(this.id, spec.authorityEpoch ?? 0)
      this.#driver.update({ spec, isOrphaned: false }, { isReported: true })
    })
    this.#useSpec(spec)
    if (spec.holds.join() !== record.lifecycle.holds.join()) {
      this.#driver.dispatch({ type: 'holds', holds: spec.holds, at: this.#ctx.now() })
    }
    if (record.spec && JSON.stringify(record.spec.limits) !== JSON.stringify(spec.limits)) void this.#resize(spec)
    return this.report
  }

  power(action: PowerAction, intent: PowerIntent): ProcessState {
    if ((action === 'start' || action === 'restart') && !this.#driver.record.spec) {
      throw new AppError('SERVER_NOT_FOUND', { id: this.id })
    }
    this.#driver.dispatch({ type: 'power', action, intent, at: this.#ctx.now() })
    return this.state
  }

  /** Writes a line to the server's standard input and into the console. */
  async command(line: string, signal: AbortSignal): Promise<void> {
    const { lifecycle, spec } = this.#driver.record
    if (lifecycle.process === 'offline' || lifecycle.isLaunching) {
      throw new AppError('SERVER_NOT_RUNNING', { id: this.id, state: lifecycle.process })
    }
    if (/[\r\n\0]/.test(line)) throw new AppError('VALIDATION_FAILED', { fields: 'command' })
    if (spec?.stop.type === 'command' && line.trim() === spec.stop.command.trim()) {
      this.#driver.dispatch({ type: 'stop-typed', at: this.#ctx.now() })
    }
    this.console.append('input', line)
    await this.#ctx.runtime.stdin(this.id, line, signal)
  }

  install(operation: string, startWhenInstalled: boolean): void {
    if (!this.#driver.record.spec) throw new AppError('SERVER_NOT_FOUND', { id: this.id })
    this.#driver.dispatch({ type: 'install', operation, startWhenInstalled, at: this.#ctx.now() })
  }

  /** @returns false if the operation is not under way here */
  cancel(operation: string): boolean {
    return this.#install.cancel(operation) || this.#launch.cancel(operation)
  }

  async acceptEula(intent: PowerIntent): Promise<void> {
    const { record } = this.#driver
    const owner = { uid: record.uid, gid: record.gid }
    const volume = await this.#ctx.volumes.create(this.id, owner, limitBytesOf(record.spec))
    await this.#ctx.files(volume, owner).write('eula.txt', new TextEncoder().encode('eula=true\n'))
    this.#features.settle('eula')
    this.power(this.state === 'offline' ? 'start' : 'restart', intent)
  }

  /** Up, and not already on its way down. */
  get isRunning(): boolean {
    return this.state === 'starting' || this.state === 'running'
  }

  /** What its files may take; 0 without a limit. */
  get limitBytes(): number {
    return limitBytesOf(this.#driver.record.spec)
  }

  /** Counts what its files take now. */
  count(): Promise<number> {
    return this.#ctx.volumes.usage(this.id)
  }

  stopForDisk(reason: DiskReason): void {
    this.#ctx.log.warn({ server: this.id, ...reason }, 'the server is stopped for the disk')
    this.console.append('system', explainDiskStop(reason))
    this.power('stop', { operation: randomUUID(), who: 'agent', when: this.#ctx.now() })
  }

  /** Ends everything and removes container, files and console; settles when nothing is left. Repeats until it works. */
  async destroy(): Promise<void> {
    this.#driver.dispatch({ type: 'delete', at: this.#ctx.now() })
    this.#install.cancelAll()
    await this.#driver.when(() => {
      const { process, installing } = this.#driver.record.lifecycle
      return process === 'offline' && installing === null
    })
    while (!this.#closing.signal.aborted) {
      try {
        await this.#ctx.runtime.remove(this.id)
        // Its output ends with the container, and nothing writes into the console after that.
        await this.#following
        await this.#ctx.volumes.remove(this.id)
        await this.console.close()
        await rm(this.#consoleDirectory(this.id), { recursive: true, force: true })
        return
      } catch (error) {
        this.#ctx.log.warn({ server: this.id, err: error }, 'removing the server failed; trying again')
        await pause(RETRY_MS * 5, this.#closing.signal)
      }
    }
  }

  /**
   * Takes up where an earlier life of the agent left off: brings the stored state and the runtime's truth together.
   * Waits for the runtime as long as it takes.
   */
  async attach(): Promise<void> {
    const observed = await this.#inspect()
    if (!observed) return
    const { lifecycle, bootId } = this.#driver.record
    const { process } = observed
    const wasAlive = lifecycle.process !== 'offline'
    if (wasAlive && !process?.isRunning) {
      this.console.beginRun(lifecycle.run)
      await drainOutput(this.#followOptions(), this.#closing.signal)
    }
    this.#driver.dispatch({
      type: 'observed',
      isRunning: process?.isRunning ?? false,
      startedAt: process?.startedAt ?? null,
      code: process?.exitCode ?? null,
      oomKilled: process?.oomKilled ?? false,
      isInterrupted: bootId !== this.#ctx.bootId,
      at: this.#ctx.now(),
    })
    if (!process?.isRunning) return
    this.#driver.update({ runKey: process.runKey, bootId: this.#ctx.bootId }, { isReported: false })
    this.console.beginRun(this.#driver.record.lifecycle.run)
    this.#follow(wasAlive ? undefined : process.startedAt)
  }

  async stats(): Promise<ServerStats | null> {
    const stats = await this.measure()
    if (!stats) return null
    const { runKey: _runKey, cpuMs: _cpuMs, ...shown } = stats
    return { ...shown, diskBytes: this.diskBytes() }
  }

  /** What the runtime counts now; null while the server does not run. */
  async measure(): ReturnType<Runtime['stats']> {
    return this.state === 'offline' ? null : this.#ctx.runtime.stats(this.id)
  }

  /** The last count of the disk; a new one begins when it is older than `maxAgeMs`. @param maxAgeMs @default a minute */
  diskBytes(maxAgeMs?: number): number {
    return this.disk.read(
      (error) => this.#ctx.log.warn({ server: this.id, err: error }, 'disk use could not be counted'),
      maxAgeMs,
    )
  }

  /**
   * Stops a server whose runtime does not outlive the agent, and remembers that it wants to run.
   * Settles when it has ended or `deadline` fires; then it is killed.
   */
  async interrupt(deadline: AbortSignal): Promise<void> {
    if (this.state === 'offline') return
    const { runtime } = this.#ctx
    this.#launch.abort()
    await this.#launch.settled
    if ((await runtime.inspect(this.id))?.isRunning) {
      const method = this.#driver.record.spec?.stop ?? { type: 'runtime' as const }
      if (this.state !== 'stopping') await runtime.stop(this.id, method, deadline)
      const hasEnded = await runtime.waitForExit(this.id, deadline).then(
        () => true,
        () => false,
      )
      if (!hasEnded) await runtime.kill(this.id)
    }
    // The end of the run is stored by whoever follows it.
    await this.#following
  }

  /** Lets go of the server without touching it. */
  async close(): Promise<void> {
    this.#driver.close()
    this.#closing.abort()
    this.#launch.abort()
    this.#install.cancelAll()
    await this.#following
    await this.console.close()
  }

  #perform(effect: WorldEffect): void {
    switch (effect.type) {
      case 'launch':
        this.#features.reset()
        return this.#launch.run(effect.run, (process) => this.#launched(effect.run, process))
      case 'abort-launch':
        return this.#launch.abort()
      case 'stop':
        this.console.append(
          'system',
          effect.isForced ? 'Stopping the server; it may not run now.' : 'Stopping the server…',
        )
        return this.#ask('stop', (method) => this.#ctx.runtime.stop(this.id, method, this.#closing.signal))
      case 'kill':
        this.console.append('system', 'Killing the server…')
        return this.#ask('kill', () => this.#ctx.runtime.kill(this.id, this.#closing.signal))
      case 'offer-kill':
        return this.console.append(
          'system',
          'The server takes long to stop. It can be killed; what it has not saved is lost then.',
        )
      case 'begin-install':
        return this.#install.begin(effect.operation)
      case 'crashed':
        return this.#sayCrashed(effect)
      default:
        effect satisfies never
    }
  }

  #launched(run: number, process: RunningProcess | null): void {
    if (this.#closing.signal.aborted) return
    const at = this.#ctx.now()
    this.#driver.update({ runKey: process?.runKey ?? null, bootId: this.#ctx.bootId }, { isReported: false })
    this.#driver.dispatch({ type: 'launched', run, startedAt: process?.startedAt ?? at, at })
    this.#follow()
  }

  #follow(sinceMs?: number | null): void {
    const { run } = this.#driver.record.lifecycle
    if (this.#detector.isImmediate) this.#driver.dispatch({ type: 'ready', run, at: this.#ctx.now() })
    const options = this.#followOptions(sinceMs)
    this.#following = followRun(options, this.#closing.signal).then(async (end) => {
      if (!end) return
      const { process, isInterrupted } = end
      this.#sayEnded(process)
      await this.console.flushed()
      this.#driver.dispatch({
        type: 'exited',
        run,
        code: process?.exitCode ?? null,
        oomKilled: process?.oomKilled ?? false,
        isInterrupted: isInterrupted || this.#ctx.stopping.aborted,
        at: this.#ctx.now(),
      })
    })
    this.#following.catch((error: unknown) =>
      this.#ctx.log.error({ server: this.id, err: error }, 'following a run failed'),
    )
  }

  #followOptions(sinceMs?: number | null): FollowOptions {
    return {
      runtime: this.#ctx.runtime,
      server: this.id,
      console: this.console,
      log: this.#ctx.log,
      onLine: (text) => this.#onLine(text),
      ...(sinceMs ? { sinceNs: `${sinceMs}000000` } : {}),
    }
  }

  #onLine(text: string): void {
    const { process, run } = this.#driver.record.lifecycle
    if (process === 'starting' && this.#detector.matches(text)) {
      this.#driver.dispatch({ type: 'ready', run, at: this.#ctx.now() })
    }
    this.#features.onLine(text)
  }

  #useSpec(spec: ServerSpec | null): void {
    this.#detector = createStartupDetector(spec?.done ?? [], { stripAnsi: spec?.stripAnsi ?? false })
    for (const { pattern, reason } of this.#detector.invalid) {
      this.console.append('system', `The startup pattern ${pattern} is not valid: ${reason}`)
    }
    this.console.setMask(createSecretMask(spec?.environment ?? {}, spec?.secretVariables ?? []))
  }

  /** Asks the runtime for something that the state machine repeats by itself if it fails. */
  #ask(what: string, request: (stop: StopMethod) => Promise<void>): void {
    const method = this.#driver.record.spec?.stop ?? { type: 'runtime' as const }
    request(method).catch((error: unknown) => {
      if (this.#closing.signal.aborted) return
      this.#ctx.log.warn({ server: this.id, err: error }, `the runtime could not ${what} the server`)
      this.console.append('system', `The runtime could not ${what} the server: ${toErrorBody(error).message}`)
    })
  }

  async #resize(spec: ServerSpec): Promise<void> {
    const { limits } = spec
    await this.#ctx.volumes
      .limit(this.id, limitBytesOf(spec))
      .catch((error: unknown) => this.#ctx.log.warn({ server: this.id, err: error }, 'the disk limit was not set'))
    if (!this.#ctx.runtime.capabilities.liveResize || this.state === 'offline') return
    try {
      await this.#ctx.runtime.resize(this.id, limits)
    } catch (error) {
      this.#ctx.log.warn({ server: this.id, err: error }, 'the new limits apply at the next start')
    }
  }

  async #inspect(): Promise<{ readonly process: RunningProcess | null } | null> {
    const { signal } = this.#closing
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      try {
        return { process: await this.#ctx.runtime.inspect(this.id) }
      } catch (error) {
        if (isFirst) this.#ctx.log.warn({ server: this.id, err: error }, 'the runtime does not answer; waiting for it')
        await pause(RETRY_MS, signal)
      }
    }
    return null
  }

  #sayEnded(process: RunningProcess | null): void {
    const how = process?.oomKilled ? 'ran out of memory' : `ended with code ${process?.exitCode ?? 'unknown'}`
    this.console.append('system', `The server ${how}.`)
  }

  #sayCrashed({ restartAt }: Extract<WorldEffect, { type: 'crashed' }>): void {
    const seconds = restartAt === null ? null : Math.ceil((restartAt - this.#ctx.now()) / 1000)
    const next = seconds === null ? 'It is not started again.' : `It is started again in ${seconds} s.`
    this.console.append('system', `The server has crashed. ${next}`)
  }

  #consoleDirectory(id: string): string {
    return join(this.#ctx.consoleDirectory, id)
  }
}
