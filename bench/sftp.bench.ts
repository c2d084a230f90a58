import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Figure } from './main.ts'

const LARGE_MIB = 512
const FLOOD_MIB = 10 * 1024
const SMALL_FILES = 1_000
const SMALL_BYTES = 4_096
const SSHD = '/usr/sbin/sshd'
const REPEATS = 3
const CIPHER = 'aes128-gcm@openssh.com'

interface SftpServerFacts {
  /** Of OpenSSH's programs. */
  readonly options: readonly string[]
  readonly target: string
  readonly directory: string
  readonly keyFile: string
  readonly hasNativeCrypto: boolean
}

interface Target {
  readonly options: readonly string[]
  readonly address: string
  /** Folder below which files are sent. */
  readonly folder: string
}

/** OpenSSH's own server with its `sftp-server`, on a port of its own. */
async function startSshd(directory: string, publicKey: string): Promise<{ port: number; stop(): void; pid: number }> {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  mkdirSync('/run/sshd', { recursive: true })
  mkdirSync(directory, { recursive: true })
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'host')])
  writeFileSync(join(directory, 'authorized_keys'), publicKey, { mode: 0o600 })
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(directory, 'host')}`,
    `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
    'StrictModes no',
    'PermitRootLogin yes',
    'UsePAM no',
    `PidFile ${join(directory, 'pid')}`,
    'Subsystem sftp /usr/lib/openssh/sftp-server',
  ]
  writeFileSync(join(directory, 'config'), `${lines.join('\n')}\n`)
  const child = spawn(SSHD, ['-D', '-e', '-f', join(directory, 'config')], { stdio: 'ignore' })
  await reachable(port, child)
  return { port, pid: child.pid!, stop: () => child.kill() }
}

async function reachable(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`sshd has ended with ${child.exitCode}.`)
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function run(command: string, args: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (text: Buffer) => (said += text.toString()))
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command}: ${code} ${said}`))))
    child.stdin.on('error', () => undefined) // programs that read nothing
    child.stdin.end(input)
  })
}

/** @returns seconds */
async function timed(target: Target, cipher: string, commands: readonly string[]): Promise<number> {
  const start = performance.now()
  const options = [...target.options, '-o', `Ciphers=${cipher}`, '-b', '-', target.address]
  await run('sftp', options, `${commands.join('\n')}\n`)
  return (performance.now() - start) / 1000
}

/** The best of a few, with the two servers taking turns so that both see the same machine. */
async function compare(targets: readonly Target[], work: (target: Target) => Promise<number>): Promise<number[]> {
  const best = targets.map(() => Infinity)
  for (let turn = 0; turn < REPEATS; turn += 1) {
    for (const [at, target] of targets.entries()) best[at] = Math.min(best[at]!, await work(target))
  }
  return best
}

function residentMiB(pid: number): number {
  const [, kib = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kib) / 1024)
}

/** With `HATCHERY_BENCH_FULL=1`, 10 GiB each way come at the end, to see that memory stays where it is. */
export async function bench(): Promise<readonly Figure[]> {
  if (!existsSync(SSHD)) {
    console.log('  skipped: no OpenSSH server is installed')
    return []
  }
  const program = fileURLToPath(new URL('measure/sftp-server.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@hatchery/source', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const ours = JSON.parse(line.toString()) as SftpServerFacts
  const sshd = await startSshd(join(ours.directory, 'sshd'), readFileSync(`${ours.keyFile}.pub`, 'utf8'))
  try {
    return await measure(ours, sshd.port, child.pid!)
  } finally {
    sshd.stop()
    child.stdin.end()
    await once(child, 'exit')
  }
}

async function measure(ours: SftpServerFacts, sshdPort: number, pid: number): Promise<readonly Figure[]> {
  const { directory } = ours
  const plain = join(directory, 'plain')
  mkdirSync(plain)
  const options = ours.options.map((option) => (option.startsWith('Port=') ? `Port=${sshdPort}` : option))
  const targets: [Target, Target] = [
    { options, address: 'root@127.0.0.1', folder: plain },
    { options: ours.options, address: ours.target, folder: '' },
  ]
  const large = join(directory, 'large')
  await run('dd', ['if=/dev/urandom', `of=${large}`, 'bs=1M', `count=${LARGE_MIB}`])
  const small = join(directory, 'small')
  mkdirSync(small)
  for (let at = 0; at < SMALL_FILES; at += 1) writeFileSync(join(small, `f${at}`), Buffer.alloc(SMALL_BYTES, at))

  const figures: Figure[] = []
  const idle = residentMiB(pid)
  for (const cipher of ['aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com']) {
    const put = (target: Target) => timed(target, cipher, [`put ${large} ${target.folder}/large`])
    const get = (target: Target) => timed(target, cipher, [`get ${target.folder}/large ${join(directory, 'back')}`])
    figures.push(...figuresOf(`put, ${cipher}`, await compare(targets, put), LARGE_MIB, 'MiB/s'))
    figures.push(...figuresOf(`get, ${cipher}`, await compare(targets, get), LARGE_MIB, 'MiB/s'))
  }
  const back = join(directory, 'small-back')
  const putSmall = (target: Target) =>
    timed(target, CIPHER, [`-mkdir ${target.folder}/small`, `put ${small}/* ${target.folder}/small/`])
  const getSmall = (target: Target) => {
    rmSync(back, { recursive: true, force: true })
    mkdirSync(back)
    return timed(target, CIPHER, [`get ${target.folder}/small/* ${back}/`])
  }
  figures.push(...figuresOf('put of small files', await compare(targets, putSmall), SMALL_FILES, 'files/s'))
  figures.push(...figuresOf('get of small files', await compare(targets, getSmall), SMALL_FILES, 'files/s'))
  // Buffers are collected when enough of them have come together: what counts is whether it goes on growing after that.
  const before = residentMiB(pid)
  if (process.env['HATCHERY_BENCH_FULL'] === '1') {
    for (let sent = 0; sent < FLOOD_MIB; sent += LARGE_MIB) {
      await timed(targets[1], CIPHER, [`put ${large} /large`, `get /large ${join(directory, 'back')}`])
    }
  }
  const note = ours.hasNativeCrypto ? 'native addon of ssh2' : 'without the native addon of ssh2'
  figures.push({ name: 'memory of the agent, idle', value: idle, unit: 'MiB', note })
  figures.push({ name: 'memory of the agent after the first GiB', value: before, unit: 'MiB', note })
  figures.push({ name: 'memory of the agent at the end', value: residentMiB(pid), unit: 'MiB', note })
  return figures
}

function figuresOf(name: string, seconds: readonly number[], amount: number, unit: string): Figure[] {
  const [theirs = Infinity, ours = Infinity] = seconds
  return [
    { name: `OpenSSH: ${name}`, value: amount / theirs, unit },
    { name: `Hatchery: ${name}`, value: amount / ours, unit },
    { name: `share of OpenSSH: ${name}`, value: (100 * theirs) / ours, unit: '%' },
  ]
}
