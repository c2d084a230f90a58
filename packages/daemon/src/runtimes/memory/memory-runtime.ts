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

/** What a program in memory can do. It begins when its server starts. */
export interface ProgramIo {
  readonly spec: RuntimeSpec
  /** One line of output. */
  print(line: string): void
  exit(code: number): void
}

export interface Program {
  onLine?(line: string): void
  /** Without it a signal ends the program with 128 + 15. */
  onSignal?(signal: string): void
}

export interface MemoryRuntimeOptions {
  /** What a server does; by default it prints `ready`, answers `got <line>` and ends at `exit <code>` or a signal. */
  readonly program?: (io: ProgramIo) => Program
  readonly install?: (spec: InstallSpec, onLine: (line: string) => void, signal?: AbortSignal) => Promise<InstallResult>
  readonly capabilities?: Partial<RuntimeCapabilities>
  readonly now?: () => number
}

interface Server {
  spec: RuntimeSpec
  run: number
  startedAt: number | null
  finishedAt: number | null
  exitCode: number | null
  isRunning: boolean
  lines: OutputChunk[]
  program: Program
  changed: Set<() => void>
}

/** A runtime without processes, for tests: everything happens at once and in memory. */
export class MemoryRuntime implements Runtime {
  readonly name = 'memory'
  readonly installRefusal: string | null
  readonly capabilities: RuntimeCapabilities
  /** The engine can be made to go away, to see how its callers bear it. */
  isAvailable = true
  readonly #servers = new Map<ServerId, Server>()
  readonly #options: Required<Pick<MemoryRuntimeOptions, 'program' | 'now'>> & MemoryRuntimeOptions
  #lastNs = 0n

  constructor(options: MemoryRuntimeOptions = {}) {
    this.#options = { program: echoProgram, now: Date.now, ...options }
    this.capabilities = {
      isolation: true,
      limits: true,
      liveResize: true,
      ioWeight: true,
      exec: false,
      images: true,
      install: true,
      ...options.capabilities,
    }
    this.installRefusal = this.capabilities.install ? null : 'this runtime was made without.'
  }

  async check(): Promise<void> {
    if (!this.isAvailable)
      throw new AppError('RUNTIME_UNAVAILABLE', { runtime: 'memory', reason: 'it was switched off' })
  }

  async prepareImage(image: string, onProgress: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.check()
    if (signal?.aborted) throw new AppError('CANCELLED')
    onProgress({ current: 0, total: 100, unit: 'bytes', detail: `pulling ${image}` })
    onProgress({ current: 100, total: 100, unit: 'bytes', detail: `pulled ${image}` })
  }

  async create(spec: RuntimeSpec): Promise<void> {
    await this.check()
    const before = this.#servers.get(spec.server)
    if (before?.isRunning) throw new AppError('SERVER_BUSY', { id: spec.server, state: 'running' })
    const fresh = {
      run: 0,
      startedAt: null,
      finishedAt: null,
      exitCode: null,
      isRunning: false,
      lines: [],
      program: {},
      changed: new Set<() => void>(),
    }
    this.#servers.set(spec.server, { ...fresh, ...before, spec })
  }

  async start(id: ServerId): Promise<void> {
    await this.check()
    const server = this.#servers.get(id)
    if (!server) throw new AppError('RUNTIME_FAILED', { runtime: 'memory', reason: `server ${id} was not created` })
    if (server.isRunning) return
    Object.assign(server, {
      run: server.run + 1,
      startedAt: this.#options.now(),
      finishedAt: null,
      exitCode: null,
      isRunning: true,
      lines: [],
    })
    const { run } = server
    server.program = this.#options.program({
      spec: server.spec,
      print: (text) => this.#print(server, text),
      exit: (code) => server.run === run && this.#end(server, code),
    })
  }

  async stop(id: ServerId, method: Parameters<Runtime['stop']>[1]): Promise<void> {
    await this.check()
    const server = this.#servers.get(id)
    if (!server?.isRunning) return
    if (method.type === 'command') return server.program.onLine?.(method.command)
    const signal = method.type === 'signal' ? method.signal : 'SIGTERM'
    if (signal === 'SIGKILL') this.#end(server, 137)
    else if (server.program.onSignal) server.program.onSignal(signal)
    else this.#end(server, 143)
  }

  kill(id: ServerId): Promise<void> {
    return this.stop(id, { type: 'signal', signal: 'SIGKILL' })
  }

  async remove(id: ServerId): Promise<void> {
    await this.kill(id)
    this.#servers.delete(id)
  }

  async stdin(id: ServerId, line: string): Promise<void> {
    await this.check()
    const server = this.#servers.get(id)
    if (!server?.isRunning) throw new AppError('SERVER_NOT_RUNNING', { id, state: 'offline' })
    server.program.onLine?.(line)
  }

  async *output(id: ServerId, { sinceNs }: OutputOptions, signal?: AbortSignal): AsyncGenerator<OutputChunk> {
    const server = this.#servers.get(id)
    if (!server) return
    const { lines, run } = server
    for (let next = 0; !signal?.aborted;) {
      for (; next < lines.length; next++) {
        const line = lines[next]!
        if (sinceNs === undefined || BigInt(line.atNs) >= BigInt(sinceNs)) yield line
      }
      if (!server.isRunning || server.run !== run) return
      await this.#change(server, signal)
    }
  }

  async stats(id: ServerId): Promise<Awaited<ReturnType<Runtime['stats']>>> {
    const server = this.#servers.get(id)
    if (!server?.isRunning) return null
    const at = this.#options.now()
    const uptimeMs = at - (server.startedAt ?? at)
    return {
      at,
      runKey: String(server.run),
      cpuMs: Math.floor(uptimeMs / 100),
      cpuPercent: 1,
      memoryBytes: 1024 * 1024,
      memoryLimitBytes: server.spec.limits.memoryMiB * 1024 * 1024,
      networkRxBytes: 0,
      networkTxBytes: 0,
      uptimeMs,
      pids: 1,
    }
  }

  async inspect(id: ServerId): Promise<RunningProcess | null> {
    await this.check()
    const server = this.#servers.get(id)
    if (!server) return null
    const { isRunning, startedAt, finishedAt, exitCode, run } = server
    return { isRunning, startedAt, finishedAt, exitCode, oomKilled: false, runKey: run === 0 ? null : String(run) }
  }

  async waitForExit(id: ServerId, signal?: AbortSignal): Promise<RunningProcess> {
    const server = this.#servers.get(id)
    while (server?.isRunning) {
      if (signal?.aborted) throw new AppError('CANCELLED')
      await this.#change(server, signal)
    }
    return (
      (await this.inspect(id)) ?? {
        isRunning: false,
        startedAt: null,
        finishedAt: null,
        exitCode: null,
        oomKilled: false,
        runKey: null,
      }
    )
  }

  async list(): Promise<readonly ServerId[]> {
    await this.check()
    return [...this.#servers.keys()]
  }

  async resize(id: ServerId, limits: RuntimeSpec['limits']): Promise<void> {
    const server = this.#servers.get(id)
    if (server) server.spec = { ...server.spec, limits }
  }

  async install(spec: InstallSpec, onLine: (line: string) => void, signal?: AbortSignal): Promise<InstallResult> {
    await this.check()
    if (this.installRefusal !== null) throw new AppError('INSTALL_NOT_ISOLATED', { reason: this.installRefusal })
    if (this.#options.install) return this.#options.install(spec, onLine, signal)
    onLine('installed')
    return { exitCode: 0, oomKilled: false }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#servers.keys()) await this.kill(id)
  }

  #print(server: Server, text: string): void {
    const now = BigInt(this.#options.now()) * 1_000_000n
    this.#lastNs = now > this.#lastNs ? now : this.#lastNs + 1n
    server.lines.push({ at: Number(this.#lastNs / 1_000_000n), atNs: String(this.#lastNs), text })
    announce(server)
  }

  #end(server: Server, code: number): void {
    if (!server.isRunning) return
    Object.assign(server, { isRunning: false, finishedAt: this.#options.now(), exitCode: code })
    announce(server)
  }

  async #change(server: Server, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        server.changed.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      server.changed.add(done)
      signal?.addEventListener('abort', done, { once: true })
    })
  }
}

function announce(server: Server): void {
  for (const wake of server.changed) wake()
}

function echoProgram(io: ProgramIo): Program {
  io.print('ready')
  return {
    onLine: (line) => {
      const code = /^exit (\d+)$/.exec(line)
      if (code) io.exit(Number(code[1]))
      else io.print(`got ${line}`)
    },
    onSignal: (signal) => {
      io.print(`caught ${signal.slice(3)}`)
      io.exit(0)
    },
  }
}
