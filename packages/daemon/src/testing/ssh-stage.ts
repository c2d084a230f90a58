import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { SERVER_PERMISSIONS } from '@hatchery/core/permissions'
import type { FileTree } from '@hatchery/core/runtime'
import type { ConsoleLine } from '../console/line-record.ts'
import { createVolumeFileTree, FilesProcesses } from '../files/index.ts'
import { DiskQuota } from '../server-files/disk-quota.ts'
import type { OpenServer } from '../server-files/index.ts'
import { pause } from '../servers/pause.ts'
import type { SftpFiles } from '../sftp/sftp-files.ts'
import { readHostKey } from '../ssh/host-key.ts'
import type { SshAccess, SshIdentity, SshQuestion } from '../ssh/ssh-access.ts'
import type { AuditEvent } from '../ssh/ssh-audit.ts'
import type { ShellServer } from '../ssh/shell/shell-server.ts'
import { SshServer, type SshServerOptions } from '../ssh/ssh-server.ts'
import type { SshOptions } from '../ssh/ssh-options.ts'
import { openAgentState } from '../state/agent-state.ts'

const run = promisify(execFile)

export const ALL_PERMISSIONS = Object.keys(SERVER_PERMISSIONS)

/** Knows people by their key or password; what it answers can be changed while it runs. */
export class MemoryAccess implements SshAccess {
  readonly asked: SshQuestion[] = []
  readonly people: {
    readonly username: string
    readonly key?: string
    readonly password?: string
    identity: SshIdentity
  }[] = []
  isReachable = true
  failure: Error | null = null

  async authenticate(question: SshQuestion): Promise<SshIdentity | null> {
    this.asked.push(question)
    if (this.failure) throw this.failure
    const { username, credential } = question
    const person = this.people.find(
      (one) =>
        one.username === username &&
        (credential.kind === 'password' ? one.password === credential.password : one.key === credential.key),
    )
    return person?.identity ?? null
  }
}

/** A server that runs, without a process. */
export class MemoryGame implements ShellServer {
  readonly name = 'Test'
  readonly typed: string[] = []
  readonly powered: string[] = []
  readonly lines: ConsoleLine[] = []
  state = 'running'
  #wake: () => void = () => undefined

  print(text: string): void {
    this.lines.push({ run: 1, line: this.lines.length + 1, at: 0, kind: 'out', text })
    this.#wake()
  }

  async stats() {
    const bytes = {
      memoryBytes: 2 ** 26,
      memoryLimitBytes: 2 ** 30,
      diskBytes: 0,
      networkRxBytes: 0,
      networkTxBytes: 0,
    }
    return { at: 0, cpuPercent: 12.5, ...bytes, uptimeMs: 1, pids: 1 }
  }

  power(action: string): void {
    this.powered.push(action)
    this.state = action === 'start' ? 'starting' : 'stopping'
  }

  async command(line: string): Promise<void> {
    this.typed.push(line)
    this.print(`answer to ${line}`)
  }

  async newest(count: number) {
    return this.lines.slice(-count)
  }

  async *follow(count: number, signal: AbortSignal) {
    let at = Math.max(0, this.lines.length - count)
    signal.addEventListener('abort', () => this.#wake())
    while (!signal.aborted) {
      const stored = new Promise<void>((resolve) => (this.#wake = resolve))
      const lines = this.lines.slice(at)
      at += lines.length
      if (lines.length > 0) yield lines
      else await stored
    }
  }
}

export interface SshStageOptions {
  readonly ssh?: Partial<SshOptions>
  readonly server?: Partial<SshServerOptions>
  readonly permissions?: readonly string[]
  readonly limitMiB?: number
  /** The work on files is done by a process of its own identity, as on a real node. */
  readonly isConfined?: boolean
  readonly denylist?: readonly string[]
}

/** An SSH server over real files, with one person who is known, and the programs to reach it. */
export class SshStage implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'hatchery-ssh-'))
  readonly serverId = randomUUID()
  readonly user = randomUUID()
  readonly access = new MemoryAccess()
  readonly events: AuditEvent[] = []
  readonly saved: string[] = []
  readonly faults: unknown[] = []
  readonly root = join(this.directory, 'volume', 'data-1')
  readonly keyFile = join(this.directory, 'key')
  readonly state = openAgentState(this.directory)
  readonly username = `alice.b.${this.serverId.slice(0, 8)}`
  readonly game = new MemoryGame()
  ssh!: SshServer
  tree!: FileTree
  readonly #processes: FilesProcesses | null
  readonly #options: SshStageOptions

  private constructor(options: SshStageOptions) {
    this.#options = options
    this.#processes = options.isConfined
      ? new FilesProcesses({ onError: (_server, text) => this.faults.push(text) })
      : null
  }

  static async start(options: SshStageOptions = {}): Promise<SshStage> {
    const stage = new SshStage(options)
    await stage.#start()
    return stage
  }

  get identity(): SshIdentity {
    return this.access.people[0]!.identity
  }

  /** Options for OpenSSH's programs. */
  get clientOptions(): string[] {
    const options = {
      Port: this.ssh.port,
      IdentityFile: this.keyFile,
      IdentitiesOnly: 'yes',
      UserKnownHostsFile: join(this.directory, 'known_hosts'),
      StrictHostKeyChecking: 'accept-new',
      BatchMode: 'yes',
      LogLevel: 'ERROR',
    }
    return ['-F', '/dev/null', ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
  }

  get target(): string {
    return `${this.username}@127.0.0.1`
  }

  /** Runs a program to its end. */
  async run(
    command: string,
    args: readonly string[],
    input?: string,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const child = spawn(command, args, {
      cwd: this.directory,
      env: { ...process.env, HOME: this.directory, LC_ALL: 'C.UTF-8' },
    })
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin.on('error', () => undefined) // it has ended before it has read all
    child.stdin.end(input ?? '')
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => resolve(status ?? -1))
    })
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
  }

  /** Commands of OpenSSH's sftp, one to a line; the first that fails ends it. */
  sftp(...commands: string[]) {
    return this.run('sftp', [...this.clientOptions, '-b', '-', this.target], `${commands.join('\n')}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ssh?.[Symbol.asyncDispose]()
    await this.#processes?.[Symbol.asyncDispose]()
    this.state.close()
    rmSync(this.directory, { recursive: true, force: true })
  }

  async #start(): Promise<void> {
    const owner = { uid: process.getuid!(), gid: process.getgid!() }
    if (this.#processes && owner.uid === 0) Object.assign(owner, { uid: 70_010, gid: 70_010 })
    const privateDirectory = join(this.directory, 'volume', 'private')
    for (const path of [this.root, privateDirectory]) {
      mkdirSync(path, { recursive: true })
      chownSync(path, owner.uid, owner.gid)
    }
    const volume = { server: this.serverId, version: 1, dataDirectory: this.root, privateDirectory }
    this.tree = this.#processes?.treeOf(volume, owner) ?? createVolumeFileTree(volume, owner)
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', this.keyFile])
    const [, key = ''] = readFileSync(`${this.keyFile}.pub`, 'utf8').split(' ')
    const { permissions = ALL_PERMISSIONS, denylist = [], limitMiB = 0 } = this.#options
    this.access.people.push({
      username: this.username,
      key,
      password: 'hap_correct',
      identity: {
        user: this.user,
        name: 'alice.b',
        server: this.serverId,
        permissions: [...permissions],
        accessRevision: 1,
        credentialId: randomUUID(),
      },
    })
    const quota = new DiskQuota({
      server: this.serverId,
      volumes: { usage: async () => (await this.tree.diskUse('')).diskBytes } as never,
      now: Date.now,
      limitMiB: () => limitMiB,
      free: async () => false,
    })
    const open = async (): Promise<OpenServer> => ({
      server: this.serverId,
      tree: denylist.length > 0 ? this.tree.protecting(denylist) : this.tree,
      quota,
      now: Date.now,
    })
    const files: SftpFiles = {
      owner,
      toRead: open,
      toWrite: open,
      diskRoom: async () => ({ totalBytes: 2 ** 40, freeBytes: 2 ** 39 }),
    }
    const log = pino(
      { level: process.env['HATCHERY_TEST_LOG'] ?? 'error', hooks: {} },
      {
        write: (line: string) =>
          process.env['HATCHERY_TEST_LOG'] ? void process.stderr.write(line) : void this.faults.push(line),
      },
    )
    this.ssh = new SshServer({
      ssh: { host: '127.0.0.1', port: 0, ...this.#options.ssh },
      hostKey: await readHostKey(join(this.directory, 'host_key')),
      access: this.access,
      floors: this.state.accessFloors,
      log,
      now: Date.now,
      pause,
      filesOf: () => files,
      serverOf: () => this.game,
      tell: (event) => this.events.push(event),
      onSaved: (_identity, path) => this.saved.push(path),
      ...this.#options.server,
    })
    await this.ssh.start()
  }

  /** A file of so many bytes that no two places of are the same. */
  file(name: string, bytes: Uint8Array): string {
    const path = join(this.directory, name)
    writeFileSync(path, bytes)
    return path
  }
}
