import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { RuntimeSpec } from '@hatchery/core/runtime'
import { hasEngine, importBusybox, run } from '../test-engine.ts'
import { createDockerRuntime } from './index.ts'

const IMAGE = 'hatchery-test/engine-restart:latest'
const LINES = 'i=0; while true; do i=$((i+1)); echo "line $i"; usleep 5000; done'

/**
 * An engine of the test's own, which can be restarted without taking anybody else's containers down. It lives in a network
 * namespace of its own too, because two engines would both have the default bridge and the packet filter for theirs.
 */
class PrivateEngine {
  readonly directory: string
  readonly #liveRestore: boolean
  /** Holds the namespace while no engine runs. */
  readonly #holder = spawn('unshare', ['--net', 'sleep', '600'], { stdio: 'ignore' })
  #process: ChildProcess | undefined

  constructor(directory: string, liveRestore: boolean) {
    this.directory = directory
    this.#liveRestore = liveRestore
  }

  get socketPath(): string {
    return join(this.directory, 'docker.sock')
  }

  async start(): Promise<void> {
    const network = (pid: string) => readlinkSync(`/proc/${pid}/ns/net`)
    while (network(String(this.#holder.pid)) === network('self')) await new Promise((resolve) => setImmediate(resolve))
    const paths = ['--data-root', 'data', '--exec-root', 'exec', '--pidfile', 'pid'].map((word) =>
      word.startsWith('--') ? word : join(this.directory, word),
    )
    const engine = spawn(
      'nsenter',
      [
        ...[`--net=/proc/${this.#holder.pid}/ns/net`, 'dockerd'],
        ...paths,
        ...['--host', `unix://${this.socketPath}`, '--iptables=false', '--ip-forward=false'],
        `--live-restore=${this.#liveRestore}`,
        '--shutdown-timeout=2',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#process = engine
    const said: string[] = []
    const ready = new Promise<void>((resolve, reject) => {
      const lines = createInterface({ input: engine.stderr })
      lines.on('line', (line) => {
        said.push(line)
        if (line.includes('API listen on')) resolve()
      })
      lines.once('close', () => reject(new Error(`the engine did not start: ${said.slice(-3).join('\n')}`)))
    })
    await ready
  }

  async stop(): Promise<void> {
    const engine = this.#process
    if (!engine || engine.exitCode !== null) return
    const exit = once(engine, 'exit')
    engine.kill('SIGTERM')
    await exit
  }

  close(): void {
    this.#holder.kill()
    // With live restore the engine leaves its directory mounted.
    spawnSync('umount', ['--recursive', join(this.directory, 'data')])
  }

  docker(...args: readonly string[]): string {
    return run('docker', ['--host', `unix://${this.socketPath}`, ...args]).trim()
  }

  loadBusybox(): void {
    const before = process.env['DOCKER_HOST']
    process.env['DOCKER_HOST'] = `unix://${this.socketPath}`
    try {
      importBusybox(IMAGE)
    } finally {
      if (before === undefined) delete process.env['DOCKER_HOST']
      else process.env['DOCKER_HOST'] = before
    }
  }
}

async function running(liveRestore: boolean, pool: string) {
  const directory = await mkdtemp(join(tmpdir(), 'runtimes-dockerd-'))
  await chmod(directory, 0o755)
  const engine = new PrivateEngine(directory, liveRestore)
  const server = randomUUID()
  const { socketPath } = engine
  const runtime = createDockerRuntime({
    installation: `restart-${server}`,
    socketPath,
    subnetPool: pool,
    firewall: false,
  })
  onTestFinished(async () => {
    await runtime.remove(server)
    await runtime[Symbol.asyncDispose]()
    await engine.stop()
    engine.close()
    await rm(directory, { recursive: true, force: true })
  })
  await engine.start()
  engine.loadBusybox()
  const spec: RuntimeSpec = {
    server,
    image: IMAGE,
    startup: LINES,
    environment: {},
    limits: { memoryMiB: 64, swapMiB: 0, diskMiB: 0, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 },
    allocations: [],
    dataDirectory: directory,
    uid: 70_071,
    gid: 70_071,
    subnet: null,
  }
  await runtime.create(spec)
  await runtime.start(server)
  const lines: string[] = []
  let wake = () => {}
  const output = (async () => {
    for await (const { text } of runtime.output(server, {})) {
      lines.push(text)
      wake()
    }
  })()
  const untilCount = async (count: number) => {
    while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve))
  }
  return { engine, runtime, spec, server, lines, output, untilCount, exit: runtime.waitForExit(server) }
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`)
const isHere = hasEngine('docker engine restart, private engine') && process.getuid?.() === 0

describe.runIf(isHere)('a Docker engine that restarts', { timeout: 90_000 }, () => {
  test('with live restore: the server runs on, and its console goes on without a gap or a double line', async () => {
    const { engine, runtime, spec, server, lines, output, untilCount, exit } = await running(true, '10.214.40.0/24')
    await untilCount(20)
    const before = await runtime.inspect(server)
    const pid = engine.docker('inspect', '--format', '{{.State.Pid}}', `hatchery-${server}`)
    await engine.stop()
    await expect(runtime.check()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' })
    await engine.start()
    await untilCount(lines.length + 50)
    expect(await runtime.inspect(server)).toEqual(before)
    expect(engine.docker('inspect', '--format', '{{.State.Pid}}', `hatchery-${server}`)).toBe(pid)
    await expect(runtime.create(spec)).rejects.toMatchObject({ code: 'SERVER_BUSY' })
    await runtime.start(server)
    expect(engine.docker('ps', '--all', '--quiet').split('\n')).toHaveLength(1)
    await runtime.kill(server)
    expect((await exit).exitCode).toBe(137)
    await output
    const counted = lines.filter((text) => text.startsWith('line '))
    expect(counted).toEqual(numbered(counted.length))
  })

  test('without live restore: the end of the server is known afterwards, and it starts again in one container', async () => {
    const { engine, runtime, spec, server, lines, output, untilCount, exit } = await running(false, '10.214.41.0/24')
    await untilCount(20)
    const before = await runtime.inspect(server)
    await engine.stop()
    await engine.start()
    expect(await exit).toMatchObject({ isRunning: false, runKey: before?.runKey })
    await output
    const words = lines.filter((text) => text.startsWith('line '))
    expect(words).toEqual(numbered(words.length))
    await runtime.create(spec)
    await runtime.start(server)
    const after = await runtime.inspect(server)
    expect(after?.isRunning).toBe(true)
    expect(after?.runKey).not.toBe(before?.runKey)
    expect(engine.docker('ps', '--all', '--quiet').split('\n')).toHaveLength(1)
  })
})
