import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { createServer, connect, type Socket } from 'node:net'
import { ADMIN } from './product.ts'

const root = path.resolve(import.meta.dirname, '..')

/** One program of the product in a process of its own, started from the sources. */
export interface Program {
  readonly process: ChildProcess
  /** Its first line on standard output. */
  readonly ready: Readonly<Record<string, unknown>>
  /** Ends it without a chance to say anything. */
  kill(): Promise<void>
  stop(): Promise<void>
  log(): string
}

export interface PanelOptions {
  readonly dataDirectory: string
  readonly databaseUrl: string
  readonly redisUrl: string
}

export function startPanel({ dataDirectory, databaseUrl, redisUrl }: PanelOptions): Promise<Program> {
  const argv = ['panel', '--json', '--port', '0', '--data-dir', dataDirectory]
  return startProgram('packages/panel/src/main.ts', argv, {
    HATCHERY_DATABASE_URL: databaseUrl,
    HATCHERY_REDIS_URL: redisUrl,
    HATCHERY_ADMIN_EMAIL: ADMIN.email,
    HATCHERY_ADMIN_PASSWORD: ADMIN.password,
  })
}

/** An agent with the process runtime, connected when this settles. */
export function startAgent(
  panelUrl: string,
  dataDirectory: string,
  token: string,
  more: readonly string[] = [],
): Promise<Program> {
  const argv = ['--panel', panelUrl, '--data-dir', dataDirectory, '--runtime', 'process', '--log-level', 'warn']
  return startProgram('packages/daemon/src/main.ts', [...argv, '--ready-json', ...more], {
    HATCHERY_ENROL_TOKEN: token,
  })
}

async function startProgram(
  file: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const child = spawn(process.execPath, ['--conditions=@hatchery/source', path.join(root, file), ...argv], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let log = ''
  child.stderr.on('data', (data: Buffer) => (log += data.toString()))
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const { promise: line, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString()
    if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
  })
  void exited.then(() => reject(new Error(`${file} ended before it was ready:\n${log}`)))
  const ready = JSON.parse(await line) as Record<string, unknown>
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
  }
  return { process: child, ready, kill: () => end('SIGKILL'), stop: () => end('SIGTERM'), log: () => log }
}

/** An address that leads to another one, which can change: what a load balancer is to an agent. */
export interface Forwarder {
  readonly url: string
  /** New connections go there; null refuses them. */
  target: string | null
  close(): void
}

export async function startForwarder(target: string): Promise<Forwarder> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // Either end may break off; the other one is told by `close`.
    socket.on('error', () => socket.destroy())
  }
  const server = createServer((from) => {
    keep(from)
    if (forwarder.target === null) return void from.destroy()
    const { hostname, port } = new URL(forwarder.target)
    const to = connect(Number(port), hostname)
    keep(to)
    from.pipe(to).pipe(from)
    from.once('close', () => to.destroy())
    to.once('close', () => from.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('The forwarder has no port.')
  const forwarder: Forwarder = {
    url: `http://127.0.0.1:${address.port}`,
    target,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return forwarder
}
