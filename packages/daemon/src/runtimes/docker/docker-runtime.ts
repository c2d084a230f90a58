import type { ContainerInspectInfo } from 'dockerode'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@hatchery/core/errors'
import type {
  InstallResult,
  InstallSpec,
  OnProgress,
  OutputChunk,
  OutputOptions,
  RunningProcess,
  Runtime,
  RuntimeCapabilities,
  RuntimeSpec,
  ServerId,
} from '@hatchery/core/runtime'
import type { EngineDeadlines } from './deadlines.ts'
import { Engine, isStatus, isUnavailable } from './engine.ts'
import { followLog } from './follow-log.ts'
import { parseImageReference } from './image-reference.ts'
import { runInstaller } from './install.ts'
import { LABEL, containerName } from './names.ts'
import { ServerNetworks } from './network.ts'
import { gameContainer, resources, type PolicyContext } from './policy.ts'
import { pullImage, type RegistryAuth } from './pull.ts'
import { startCommand } from './startup.ts'
import { runKey } from './run-key.ts'
import { StatsReader } from './stats.ts'
import { StdinWriters } from './stdin.ts'

export interface DockerRuntimeOptions {
  /** @default '/var/run/docker.sock' */
  readonly socketPath?: string
  /** Marks what this agent makes; containers and networks without it are never touched. */
  readonly installation: string
  /** Range that each server's own /28 comes from. @default '10.213.0.0/16' */
  readonly subnetPool?: string
  readonly dns?: readonly string[]
  readonly registryAuth?: (registry: string) => RegistryAuth | null | Promise<RegistryAuth | null>
  /** Keep servers from this machine, its networks and each other with packet filter rules. @default true */
  readonly firewall?: boolean
  /** Private ranges that servers may reach all the same, such as that of a database host: `192.168.7.10/32`. */
  readonly allowedNetworks?: readonly string[]
  /** How long the engine may take to answer, by kind of call. */
  readonly deadlines?: Partial<EngineDeadlines>
  readonly log?: (message: string, details?: Readonly<Record<string, unknown>>) => void
}

type Inspected = ContainerInspectInfo

/** Runs each server in a container of its own. */
export class DockerRuntime implements Runtime {
  readonly name = 'docker'
  readonly installRefusal = null
  readonly capabilities: RuntimeCapabilities = {
    isolation: true,
    limits: true,
    liveResize: true,
    ioWeight: hasIoWeight(),
    exec: false,
    images: true,
    install: true,
  }
  readonly #engine: Engine
  readonly #options: Required<DockerRuntimeOptions>
  readonly #networks: ServerNetworks
  readonly #stdin: StdinWriters
  readonly #stats: StatsReader
  /** Nanoseconds at which a server was last started here: its earlier lines belong to earlier runs. */
  readonly #startedNs = new Map<ServerId, string>()

  constructor(options: DockerRuntimeOptions) {
    this.#options = {
      socketPath: '/var/run/docker.sock',
      subnetPool: '10.213.0.0/16',
      dns: [],
      firewall: true,
      allowedNetworks: [],
      registryAuth: () => null,
      deadlines: {},
      log: () => undefined,
      ...options,
    }
    const { socketPath, deadlines, subnetPool: pool, installation, ...network } = this.#options
    this.#engine = new Engine(socketPath, deadlines)
    this.#networks = new ServerNetworks({ engine: this.#engine, installation, pool, ...network })
    this.#stdin = new StdinWriters(this.#engine)
    this.#stats = new StatsReader(this.#engine)
  }

  /** What this machine cannot do for its servers' safety, in sentences; known after the first server was created. */
  get warnings(): readonly string[] {
    return this.#networks.warnings
  }

  async check(signal?: AbortSignal): Promise<void> {
    await this.#engine.call((docker) => docker.ping(), signal)
    await this.#engine.facts()
  }

  async prepareImage(image: string, onProgress: OnProgress, signal?: AbortSignal): Promise<void> {
    const { registryAuth } = this.#options
    await pullImage({ engine: this.#engine, registryAuth, patienceMs: 20_000 }, image, onProgress, signal)
  }

  async create(spec: RuntimeSpec, signal?: AbortSignal): Promise<void> {
    const image = parseImageReference(spec.image).full
    const [existing, inspected] = await Promise.all([
      this.#inspectName(spec.server, signal),
      this.#engine.find((docker) => docker.getImage(image).inspect(), signal),
    ])
    if (existing && !this.#isOurs(existing, spec.server)) {
      throw new AppError('CONTAINER_CONFLICT', { name: containerName(spec.server) })
    }
    if (existing?.State.Running) throw new AppError('SERVER_BUSY', { id: spec.server, state: 'running' })
    if (!inspected) throw new AppError('IMAGE_PULL_FAILED', { image, reason: 'it is not on this machine' })

    const facts = await this.#engine.facts()
    const context: PolicyContext = {
      installation: this.#options.installation,
      image,
      volumes: Object.keys(inspected.Config.Volumes ?? {}),
      hasInit: facts.hasInit,
      hasIoWeight: this.capabilities.ioWeight,
      dns: this.#options.dns,
    }
    const wanted = gameContainer(spec, startCommand(inspected.Config, spec.startup), context)
    const hash = createHash('sha256')
      .update(JSON.stringify([inspected.Id, spec.subnet, wanted]))
      .digest('hex')
      .slice(0, 32)
    const isNetworkNew = await this.#networks.ensure(spec.server, spec.subnet, signal)
    // The same container again: its log stays, and the start saves the time of making it.
    if (existing?.Config.Labels[LABEL.spec] === hash && !isNetworkNew) return

    if (existing) await this.#removeContainer(existing.Id, signal)
    await this.#engine.call(
      (docker) => docker.createContainer({ ...wanted, Labels: { ...wanted.Labels, [LABEL.spec]: hash } }),
      signal,
    )
  }

  async start(server: ServerId, signal?: AbortSignal): Promise<void> {
    const container = await this.#require(server, signal)
    if (container.State.Running) return
    this.#startedNs.set(server, `${BigInt(Date.now()) * 1_000_000n}`)
    await this.#engine.call(
      (docker) => docker.getContainer(container.Id).start(signal ? { abortSignal: signal } : {}),
      signal,
    )
  }

  async stop(server: ServerId, method: Parameters<Runtime['stop']>[1], signal?: AbortSignal): Promise<void> {
    const container = await this.#find(server, signal)
    if (!container?.State.Running) return
    if (method.type === 'command')
      return this.#stdin.write(container.Id, container.State.StartedAt, method.command, signal)
    const stopSignal = (container.Config as { StopSignal?: string }).StopSignal
    await this.#signal(container.Id, method.type === 'signal' ? method.signal : (stopSignal ?? 'SIGTERM'), signal)
  }

  async kill(server: ServerId, signal?: AbortSignal): Promise<void> {
    const container = await this.#find(server, signal)
    if (container?.State.Running) await this.#signal(container.Id, 'SIGKILL', signal)
  }

  async remove(server: ServerId, signal?: AbortSignal): Promise<void> {
    const container = await this.#find(server, signal)
    if (container) await this.#removeContainer(container.Id, signal)
    await this.#networks.remove(server)
    this.#startedNs.delete(server)
    this.#stats.forget(server)
  }

  async stdin(server: ServerId, line: string, signal?: AbortSignal): Promise<void> {
    const container = await this.#find(server, signal)
    if (!container?.State.Running) throw new AppError('SERVER_NOT_RUNNING', { id: server, state: 'offline' })
    await this.#stdin.write(container.Id, container.State.StartedAt, line, signal)
  }

  async *output(server: ServerId, options: OutputOptions, signal?: AbortSignal): AsyncGenerator<OutputChunk> {
    let container = await this.#whenAvailable(() => this.#find(server, signal), signal)
    let sinceNs = options.sinceNs ?? (container && this.#runStartNs(server, container))
    const run = container && runKey(container)
    /** Lines up to here were given; they come again when the log is read from there. */
    let newest = ''
    while (container && !signal?.aborted) {
      // Following ends before a last line without an end; what is there when all is over is read once more.
      const follow = container.State.Running
      try {
        const source = { container: container.Id, isTty: container.Config.Tty, sinceNs, follow }
        for await (const lines of followLog(this.#engine, source, signal)) {
          for (const line of lines) {
            if (line.atNs <= newest) continue
            yield line
            sinceNs = newest = line.atNs
          }
        }
        if (!follow) return
      } catch (error) {
        if (signal?.aborted) return
        if (!isUnavailable(error) && !isConnectionLoss(error)) throw error
        this.#options.log('the engine closed the log; following it again', { server, error: String(error) })
      }
      if (signal?.aborted) return
      container = await this.#whenAvailable(() => this.#find(server, signal), signal)
      if (container && runKey(container) !== run) return
    }
  }

  async stats(server: ServerId): Promise<Awaited<ReturnType<Runtime['stats']>>> {
    const container = await this.#stats.known(server, () => this.#find(server))
    return container && this.#stats.read(server, container)
  }

  async inspect(server: ServerId): Promise<RunningProcess | null> {
    const container = await this.#find(server)
    return container && asProcess(container)
  }

  async waitForExit(server: ServerId, signal?: AbortSignal): Promise<RunningProcess> {
    for (;;) {
      const container = await this.#whenAvailable(() => this.#find(server, signal), signal)
      if (!container) return GONE
      if (!container.State.Running) return asProcess(container)
      try {
        await this.#engine.untilStopped(container.Id, signal)
      } catch (error) {
        if (signal?.aborted) throw new AppError('CANCELLED', {}, { cause: error })
        if (!isUnavailable(error)) throw error
      }
    }
  }

  async list(): Promise<readonly ServerId[]> {
    const label = [`${LABEL.installation}=${this.#options.installation}`, `${LABEL.kind}=game`]
    const containers = await this.#engine.call((docker) => docker.listContainers({ all: true, filters: { label } }))
    return containers.flatMap((container) => container.Labels[LABEL.server] ?? [])
  }

  async resize(server: ServerId, limits: RuntimeSpec['limits']): Promise<void> {
    const container = await this.#require(server)
    const wanted = resources(limits)
    // The engine takes "no limit" for swap only when it creates a container.
    const MemorySwap = wanted.MemorySwap === -1 ? wanted.Memory + 2 ** 44 : wanted.MemorySwap
    await this.#engine.call((docker) => docker.getContainer(container.Id).update({ ...wanted, MemorySwap }))
  }

  async install(spec: InstallSpec, onLine: (line: string) => void, signal?: AbortSignal): Promise<InstallResult> {
    await this.#networks.ensure(spec.server, spec.subnet, signal)
    const { installation, dns } = this.#options
    return runInstaller({ engine: this.#engine, installation, dns }, spec, onLine, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stdin.close()
  }

  #inspectName(server: ServerId, signal?: AbortSignal): Promise<Inspected | null> {
    return this.#engine.find((docker) => docker.getContainer(containerName(server)).inspect(), signal)
  }

  async #find(server: ServerId, signal?: AbortSignal): Promise<Inspected | null> {
    const container = await this.#inspectName(server, signal)
    return container && this.#isOurs(container, server) ? container : null
  }

  async #require(server: ServerId, signal?: AbortSignal): Promise<Inspected> {
    const container = await this.#find(server, signal)
    if (!container)
      throw new AppError('RUNTIME_FAILED', { runtime: 'docker', reason: `server ${server} has no container` })
    return container
  }

  #isOurs(container: Inspected, server: ServerId): boolean {
    const labels = container.Config.Labels
    return labels[LABEL.installation] === this.#options.installation && labels[LABEL.server] === server
  }

  async #signal(id: string, name: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#engine.find((docker) => docker.getContainer(id).kill({ signal: name }), signal)
    } catch (error) {
      // It ended between the look and the signal.
      if (!isStatus(error, 409)) throw error
    }
  }

  async #removeContainer(id: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#engine.find((docker) => docker.getContainer(id).remove({ force: true, v: true }), signal)
    } catch (error) {
      // Somebody removes it already.
      if (!isStatus(error, 409)) throw error
    }
  }

  /** Start of the current or last run: what an earlier run wrote into the same log comes before it. */
  #runStartNs(server: ServerId, container: Inspected): string {
    const known = this.#startedNs.get(server)
    const started = engineTime(container.State.StartedAt)
    if (started === null) return '0'
    // The first lines may be a little older than the start that the engine noted.
    return known ?? `${BigInt(started - 1000) * 1_000_000n}`
  }

  /** Repeats `look` until the engine answers again. */
  async #whenAvailable<T>(look: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 1000)) {
      try {
        return await look()
      } catch (error) {
        if (!isUnavailable(error) || signal?.aborted) throw error
        await delay(waitMs, undefined, signal ? { signal } : {}).catch(() => undefined) // the look after it reports the abort
      }
    }
  }
}

const GONE: RunningProcess = {
  isRunning: false,
  startedAt: null,
  finishedAt: null,
  exitCode: null,
  oomKilled: false,
  runKey: null,
}

function asProcess(container: Inspected): RunningProcess {
  const { State } = container
  const startedAt = engineTime(State.StartedAt)
  const isOver = !State.Running && startedAt !== null
  return {
    isRunning: State.Running,
    startedAt,
    finishedAt: isOver ? engineTime(State.FinishedAt) : null,
    exitCode: isOver ? State.ExitCode : null,
    oomKilled: State.OOMKilled,
    runKey: startedAt === null ? null : runKey(container),
  }
}

/** The engine writes the year 1 for "never". */
function engineTime(text: string): number | null {
  const time = Date.parse(text)
  return Number.isNaN(time) || time <= 0 ? null : time
}

function isConnectionLoss(error: unknown): boolean {
  return (
    error instanceof Error &&
    /aborted|hang up|ECONNRESET|premature/i.test(`${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`)
  )
}

function hasIoWeight(): boolean {
  return ['blkio/blkio.weight', 'blkio/blkio.bfq.weight', 'system.slice/io.bfq.weight', 'system.slice/io.weight'].some(
    (path) => existsSync(`/sys/fs/cgroup/${path}`),
  )
}
