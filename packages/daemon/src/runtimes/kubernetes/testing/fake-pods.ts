import { spawn, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stored } from './fake-store.ts'

interface Manifest {
  readonly spec: {
    readonly containers: readonly [
      {
        readonly name: string
        readonly command: readonly string[]
        readonly workingDir: string
        readonly envFrom: readonly [{ readonly secretRef: { readonly name: string } }]
        readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
      },
    ]
    readonly volumes: readonly {
      readonly name: string
      readonly persistentVolumeClaim?: { readonly claimName: string }
      readonly configMap?: { readonly name: string }
    }[]
  }
}

/** What a node knows beside the pod itself. */
export interface Surroundings {
  /** Directories of the claims, by name. */
  claim(name: string): string
  find(kind: string, name: string): Stored | null
  /** The state of the container, as the kubelet reports it. */
  report(status: object): void
}

/** Whole seconds, as the API has them. */
const seconds = () => new Date(Math.floor(Date.now() / 1000) * 1000).toISOString()

/** One pod on the node: a process group of this machine in place of a container. Without a first process of its own. */
export class FakePod {
  readonly log: Buffer[] = []
  readonly events = new EventEmitter().setMaxListeners(0)
  readonly child: ChildProcess
  isOver = false
  readonly #directory = mkdtempSync(join(tmpdir(), 'runtimes-fake-pod-'))
  #pending = Buffer.alloc(0)
  #lastNs = 0n

  constructor(pod: Stored, around: Surroundings) {
    const { spec } = pod as unknown as Manifest
    const [container] = spec.containers
    const claimName =
      spec.volumes.find((volume) => volume.persistentVolumeClaim)?.persistentVolumeClaim?.claimName ?? ''
    const data = around.claim(claimName)
    const paths = container.volumeMounts.map(({ name, mountPath }) => {
      const volume = spec.volumes.find((candidate) => candidate.name === name)
      if (volume?.persistentVolumeClaim) return [mountPath, data] as const
      const directory = join(this.#directory, name)
      mkdirSync(directory)
      const files = volume?.configMap ? (around.find('configmaps', volume.configMap.name)?.data ?? {}) : {}
      for (const [file, text] of Object.entries(files))
        writeFileSync(join(directory, file), this.#place([['/mnt/server', data]], text))
      return [mountPath, directory] as const
    })
    const [program = '', ...args] = container.command.map((word) => this.#place(paths, expand(word)))
    const secret = around.find('secrets', container.envFrom[0].secretRef.name)?.stringData ?? {}
    const env = { PATH: process.env['PATH'], ...secret }
    const cwd = this.#place(paths, container.workingDir)
    const startedAt = seconds()
    this.child = spawn(program, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (bytes: Buffer) => this.#write(bytes))
    this.child.stdin?.on('error', () => undefined) // the game has ended
    around.report({ phase: 'Running', ...containerState({ running: { startedAt } }) })
    void once(this.child, 'close').then(([code, signal]) => {
      if (this.#pending.length > 0) this.#line(this.#pending, '')
      this.isOver = true
      const exitCode = (code as number | null) ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
      const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt: seconds() }
      around.report({ phase: exitCode === 0 ? 'Succeeded' : 'Failed', ...containerState({ terminated }) })
      this.events.emit('log')
    })
  }

  signal(name: NodeJS.Signals): void {
    if (!this.child.pid || this.isOver) return
    try {
      process.kill(-this.child.pid, name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  close(): void {
    this.signal('SIGKILL')
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #write(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes])
    for (let end = this.#pending.indexOf(10); end !== -1; end = this.#pending.indexOf(10)) {
      this.#line(this.#pending.subarray(0, end), '\n')
      this.#pending = this.#pending.subarray(end + 1)
    }
    this.events.emit('log')
  }

  /** Some lines get the same time, as a coarse clock gives them. */
  #line(text: Buffer, end: string): void {
    const now = BigInt(Date.now()) * 1_000_000n
    this.#lastNs = now > this.#lastNs ? now : this.#lastNs
    const fraction = String(this.#lastNs % 1_000_000_000n).padStart(9, '0')
    const second = new Date(Number(this.#lastNs / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
    this.log.push(Buffer.concat([Buffer.from(`${second}.${fraction}Z `), text, Buffer.from(end)]))
  }

  /** In one pass: the directories of this machine contain names of their own. */
  #place(paths: readonly (readonly [string, string])[], text: string): string {
    const outside = new Map(paths)
    return text.replace(
      /\/(?:home\/container|mnt\/server|mnt\/install|tmp)\b/g,
      (inside) => outside.get(inside) ?? inside,
    )
  }
}

/** `$(NAME)` is the kubelet's; two dollar signs are one. */
function expand(text: string): string {
  return text.replace(/\$\$|\$\(\w+\)/g, (match) => (match === '$$' ? '$' : `<${match} was left to the kubelet>`))
}

function containerState(state: object) {
  // A cluster may put containers of its own first.
  return {
    containerStatuses: [
      { name: 'mesh-proxy', state: { running: {} } },
      { name: 'game', state },
    ],
  }
}
