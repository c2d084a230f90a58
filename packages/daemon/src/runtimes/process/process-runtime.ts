import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { constants as osConstants } from 'node:os'
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
import { createEndpoints } from '../../endpoints/index.ts'
import { CpuMeter } from '../cgroup.ts'
import { singleLine } from '../docker/stdin.ts'
import { shellLine } from '../shell-line.ts'
import { installRefusal, runInNamespace } from './namespace-install.ts'
import { OutputFile } from './output-file.ts'
import { readStat, sessionProcesses } from './proc.ts'
import { RunFiles, type Run } from './run-files.ts'

export interface ProcessRuntimeOptions {
  /** Directory for what the runtime keeps of each server: input pipe, output, run. */
  readonly stateDirectory: string
  readonly log?: (message: string, details?: Readonly<Record<string, unknown>>) => void
}

/**
 * The first process of a server's session. It outlives the game, so that somebody is there to write the exit code down even
 * when the agent is not. Its traps keep it alive on the signals that are meant for the game; a child starts without them.
 */
const WRAPPER = `trap : INT TERM HUP QUIT USR1 USR2; /bin/sh -c "$1" 3>&-; echo $? >&3`

/** How often a process that this agent did not start itself is looked at. */
const ADOPTED_LOOK_MS = 200
/** A kill comes back within a second or two even where a process cannot be ended, as in a wait for a disk. */
const KILL_ROUNDS = 100
const KILLED = 128 + osConstants.signals.SIGKILL

/**
 * Runs each server as processes of this machine, in a session of their own. Nothing is isolated: the startup line sees the whole
 * machine, `/home/container` does not exist, limits are not enforced. For development and demonstrations.
 */
export class ProcessRuntime implements Runtime {
  readonly name = 'process'
  readonly installRefusal: string | null
  readonly capabilities: RuntimeCapabilities
  readonly #options: ProcessRuntimeOptions
  readonly #cpu = new CpuMeter()
  readonly #outputs = new Map<string, OutputFile>()
  readonly #children = new Map<string, ChildProcess>()

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options
    this.installRefusal = installRefusal()
    this.capabilities = {
      isolation: false,
      limits: false,
      liveResize: false,
      ioWeight: false,
      exec: false,
      images: false,
      install: this.installRefusal === null,
    }
  }

  async check(): Promise<void> {
    if (process.platform === 'linux') return
    throw new AppError('RUNTIME_UNAVAILABLE', {
      runtime: 'process',
      reason: `it needs Linux, this is ${process.platform}`,
    })
  }

  async prepareImage(image: string, onProgress: OnProgress): Promise<void> {
    onProgress({ current: 1, total: 1, unit: 'steps', detail: `Without containers the image ${image} is not used.` })
  }

  async create(spec: RuntimeSpec): Promise<void> {
    const files = this.#files(spec.server)
    if (await this.#alive(await files.readRun()))
      throw new AppError('SERVER_BUSY', { id: spec.server, state: 'running' })
    await files.writeSpec(spec)
  }

  async start(server: ServerId): Promise<void> {
    const files = this.#files(server)
    const spec = await files.readSpec()
    if (!spec) throw new AppError('RUNTIME_FAILED', { runtime: 'process', reason: `server ${server} was not created` })
    const before = await files.readRun()
    if (await this.#alive(before)) return
    if (before) await this.#forget(files, before)
    const [port] = await createEndpoints({ allocationsOf: () => [] }).conflicts(spec.allocations)
    if (port !== undefined) throw new AppError('PORT_IN_USE', { port })

    const key = randomBytes(6).toString('hex')
    await files.prepare(key)
    const child = await this.#spawn(files, spec, key)
    const stat = await readStat(child.pid ?? 0)
    // It may be over before we look; its exit code is written down all the same.
    await files.writeRun({ key, pid: child.pid ?? 0, startTicks: stat?.startTicks ?? 'over', startedAt: Date.now() })
    this.#children.set(key, child)
    child.once('exit', () => this.#children.delete(key))
  }

  async stop(server: ServerId, method: Parameters<Runtime['stop']>[1]): Promise<void> {
    if (method.type === 'command') {
      const run = await this.#files(server).readRun()
      if (await this.#alive(run)) await this.stdin(server, method.command)
      return
    }
    await this.#signal(server, method.type === 'signal' ? method.signal : 'SIGTERM')
  }

  async kill(server: ServerId): Promise<void> {
    const run = await this.#files(server).readRun()
    // Whatever was started between the look and the signal is met by the next round, and so is a game that has not begun yet.
    for (let round = 0; round < KILL_ROUNDS && (await this.#alive(run)); round++) {
      await this.#signal(server, 'SIGKILL')
      await delay(10)
    }
  }

  async remove(server: ServerId): Promise<void> {
    await this.kill(server)
    const files = this.#files(server)
    const run = await files.readRun()
    if (run) {
      await this.waitForExit(server)
      await this.#forget(files, run)
    }
    await files.remove()
    this.#cpu.forget(server)
  }

  async stdin(server: ServerId, line: string): Promise<void> {
    const files = this.#files(server)
    if (!(await this.#alive(await files.readRun())))
      throw new AppError('SERVER_NOT_RUNNING', { id: server, state: 'offline' })
    await using pipe = await files.openStdin()
    try {
      await pipe.write(`${singleLine(line)}\n`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      throw new AppError('RUNTIME_FAILED', {
        runtime: 'process',
        reason: 'the server does not read its standard input',
      })
    }
  }

  async *output(server: ServerId, options: OutputOptions, signal?: AbortSignal): AsyncGenerator<OutputChunk> {
    const files = this.#files(server)
    const run = await files.readRun()
    if (!run) return
    let output = this.#outputs.get(run.key)
    if (!output) this.#outputs.set(run.key, (output = new OutputFile(files.outputPath(run))))
    yield* output.follow(options.sinceNs ?? null, async () => !(await this.#alive(run)), signal)
  }

  async stats(server: ServerId): Promise<Awaited<ReturnType<Runtime['stats']>>> {
    const files = this.#files(server)
    const run = await files.readRun()
    if (!run || !(await this.#alive(run))) return null
    const [processes, spec] = await Promise.all([sessionProcesses(run.pid), files.readSpec()])
    const at = Date.now()
    const cpuMs = processes.reduce((sum, stat) => sum + stat.cpuMs, 0)
    return {
      at,
      runKey: `${run.pid}@${run.startTicks}`,
      cpuMs,
      cpuPercent: this.#cpu.percent(server, run.key, cpuMs, run.startedAt),
      memoryBytes: processes.reduce((sum, stat) => sum + stat.memoryBytes, 0),
      memoryLimitBytes: (spec?.limits.memoryMiB ?? 0) * 1024 * 1024,
      // Processes of this machine share its interfaces; there is no count of their own.
      networkRxBytes: 0,
      networkTxBytes: 0,
      uptimeMs: Math.max(0, at - run.startedAt),
      pids: processes.length,
    }
  }

  async inspect(server: ServerId): Promise<RunningProcess | null> {
    const files = this.#files(server)
    const run = await files.readRun()
    if (!run) return (await files.readSpec()) ? NEVER_RAN : null
    const isRunning = await this.#alive(run)
    const exit = isRunning ? null : await files.readExit(run)
    return {
      isRunning,
      startedAt: run.startedAt,
      finishedAt: isRunning ? null : (exit?.at ?? Date.now()),
      exitCode: isRunning ? null : (exit?.code ?? KILLED),
      oomKilled: false,
      runKey: `${run.pid}@${run.startTicks}`,
    }
  }

  async waitForExit(server: ServerId, signal?: AbortSignal): Promise<RunningProcess> {
    const run = await this.#files(server).readRun()
    const child = run && this.#children.get(run.key)
    try {
      if (child) await once(child, 'exit', signal ? { signal } : {})
      while (await this.#alive(run)) await delay(ADOPTED_LOOK_MS, undefined, signal ? { signal } : {})
    } catch (error) {
      throw signal?.aborted ? new AppError('CANCELLED', {}, { cause: error }) : error
    }
    if (run) await this.#collect(run)
    return (await this.inspect(server)) ?? NEVER_RAN
  }

  list(): Promise<readonly ServerId[]> {
    return RunFiles.list(this.#options.stateDirectory)
  }

  async resize(): Promise<void> {
    throw new AppError('NODE_UNSUPPORTED', { node: 'this node', capability: 'liveResize' })
  }

  async install(spec: InstallSpec, onLine: (line: string) => void, signal?: AbortSignal): Promise<InstallResult> {
    if (this.installRefusal !== null) throw new AppError('INSTALL_NOT_ISOLATED', { reason: this.installRefusal })
    return runInNamespace(spec, onLine, signal)
  }

  /** Lets go of the servers; they go on running. Whoever wants them stopped stops them first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#outputs.values()].map((output) => output.close()))
    for (const child of this.#children.values()) child.unref()
  }

  #files(server: ServerId): RunFiles {
    return new RunFiles(this.#options.stateDirectory, server)
  }

  async #spawn(files: RunFiles, spec: RuntimeSpec, key: string): Promise<ChildProcess> {
    await using stdin = await files.openStdin()
    await using output = await open(files.outputPath({ key }), 'a')
    await using exit = await open(files.exitPath({ key }), 'a')
    const isRoot = process.getuid?.() === 0
    const child = spawn('/bin/sh', ['-c', WRAPPER, 'hatchery-server', shellLine(spec.startup)], {
      // A session of its own: neither Ctrl-C in the agent's terminal nor the agent's end reaches it.
      detached: true,
      cwd: spec.dataDirectory,
      env: { ...inherited(), HOME: spec.dataDirectory, ...spec.environment, STARTUP: spec.startup },
      stdio: [stdin.fd, output.fd, output.fd, exit.fd],
      ...(isRoot ? { uid: spec.uid, gid: spec.gid } : {}),
    })
    try {
      await once(child, 'spawn')
    } catch (error) {
      throw new AppError('RUNTIME_FAILED', { runtime: 'process', reason: (error as Error).message }, { cause: error })
    }
    child.unref()
    return child
  }

  /** Is this very process still there, and not another one that got its pid? */
  async #alive(run: Run | null): Promise<boolean> {
    return run !== null && (await readStat(run.pid))?.startTicks === run.startTicks
  }

  /** Signals the game, not the wrapper. */
  async #signal(server: ServerId, name: string): Promise<void> {
    const number = (osConstants.signals as Record<string, number | undefined>)[name]
    if (number === undefined)
      throw new AppError('RUNTIME_FAILED', { runtime: 'process', reason: `there is no signal ${name}` })
    const run = await this.#files(server).readRun()
    if (!run || !(await this.#alive(run))) return
    const processes = (await sessionProcesses(run.pid)).filter((stat) => stat.pid !== run.pid)
    for (const { pid } of processes) sendSignal(pid, number)
  }

  /** What the game left in the background ends with it, as in a container. */
  async #collect(run: Run): Promise<void> {
    for (const { pid } of await sessionProcesses(run.pid)) sendSignal(pid, osConstants.signals.SIGKILL)
  }

  async #forget(_files: RunFiles, run: Run): Promise<void> {
    await this.#collect(run)
    await this.#outputs.get(run.key)?.close()
    this.#outputs.delete(run.key)
  }
}

const NEVER_RAN: RunningProcess = {
  isRunning: false,
  startedAt: null,
  finishedAt: null,
  exitCode: null,
  oomKilled: false,
  runKey: null,
}

/** The little of the agent's environment that programs need; its secrets stay with it. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'TERM']
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

function sendSignal(pid: number, number: number): void {
  try {
    process.kill(pid, number)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
