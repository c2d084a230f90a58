import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasEngine, importBusybox } from '../test-engine.ts'
import { createDockerRuntime } from './index.ts'

const IMAGE = 'hatchery-test/engine-away:latest'

/** The way to the engine, which can be cut: what an agent sees when the engine restarts with live restore. */
class Way {
  readonly #path: string
  #server: Server | undefined
  readonly #sockets = new Set<Socket>()
  #isOpen = false

  constructor(path: string) {
    this.#path = path
  }

  async open(): Promise<void> {
    this.#isOpen = true
    this.#server = createServer((from) => {
      // It came while the way was being cut.
      if (!this.#isOpen) return void from.destroy()
      const to = connect('/var/run/docker.sock')
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        this.#sockets.add(one)
        one.pipe(other)
        one.on('error', () => other.destroy())
        one.on('close', () => this.#sockets.delete(one))
      }
    }).listen(this.#path)
    await once(this.#server, 'listening')
  }

  async cut(): Promise<void> {
    this.#isOpen = false
    for (const socket of this.#sockets) socket.destroy()
    this.#server?.close()
    if (this.#server) await once(this.#server, 'close')
  }
}

test.runIf(hasEngine('docker engine restart'))(
  'goes on where it was after the engine was away',
  { timeout: 60_000 },
  async () => {
    importBusybox(IMAGE)
    const directory = await mkdtemp(join(tmpdir(), 'runtimes-away-'))
    await chmod(directory, 0o777)
    const way = new Way(join(directory, 'docker.sock'))
    await way.open()
    const installation = `away-${randomUUID()}`
    const server = randomUUID()
    const runtime = createDockerRuntime({
      installation,
      socketPath: join(directory, 'docker.sock'),
      subnetPool: '10.214.29.0/24',
      firewall: false,
    })
    const direct = createDockerRuntime({ installation, firewall: false })
    const limits = { memoryMiB: 64, swapMiB: 0, diskMiB: 0, cpuPercent: 0, cpuPinning: null, ioWeight: 500, pids: 64 }
    try {
      await runtime.create({
        server,
        image: IMAGE,
        startup: 'i=0; while true; do i=$((i+1)); echo "line $i"; usleep 2000; [ -e stop ] && exit 9; done',
        environment: {},
        limits,
        allocations: [],
        dataDirectory: directory,
        uid: 70_031,
        gid: 70_031,
        subnet: null,
      })
      await runtime.start(server)
      const lines: string[] = []
      let wake = () => {}
      const output = (async () => {
        for await (const { text } of runtime.output(server, {})) {
          lines.push(text)
          wake()
        }
      })()
      const exit = runtime.waitForExit(server)
      const untilCount = async (count: number) => {
        while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve))
      }

      for (let round = 0; round < 5; round++) {
        await untilCount(lines.length + 20)
        await way.cut()
        await expect(runtime.inspect(server)).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' })
        await expect(runtime.check()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' })
        await way.open()
      }
      await untilCount(lines.length + 20)
      await direct.kill(server)
      expect((await exit).isRunning).toBe(false)
      await output
      // The shell may say at its end what ended it.
      const counted = lines.filter((text) => text.startsWith('line '))
      expect(counted).toEqual(Array.from({ length: counted.length }, (_, index) => `line ${index + 1}`))
      expect(lines.length - counted.length).toBeLessThanOrEqual(1)
    } finally {
      await direct.remove(server)
      await runtime[Symbol.asyncDispose]()
      await way.cut()
      await rm(directory, { recursive: true, force: true })
    }
  },
)
