import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { createClient } from '@hatchery/core/sdk'

/** The line that `npm start -- --json` prints. */
export interface Ready {
  readonly url: string
  readonly adminEmail: string
  readonly adminPassword?: string
  readonly pid: number
  readonly agentPid: number | null
}

/** The whole product as a person starts it: panel, web app, agent, in processes of their own. */
export interface Product extends Ready, AsyncDisposable {
  readonly dataDirectory: string
  /** Milliseconds from `npm start` to the ready line. */
  readonly startedInMs: number
  readonly password: string
  /** An SDK client with the administrator's API key. */
  readonly client: ReturnType<typeof createClient>
  readonly apiKey: string
  readonly process: ChildProcess
  /** Ctrl-C, and wait for the end. */
  stop(): Promise<number | null>
  /** What the panel wrote to standard error so far. */
  log(): string
}

export interface ProductOptions {
  /** @default a new temporary directory, removed at the end */
  readonly dataDirectory?: string
  readonly port?: number
  /** A key from an earlier start on the same data; @default a new one */
  readonly apiKey?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const root = path.resolve(import.meta.dirname, '..')
export const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' }

export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const dataDirectory = options.dataDirectory ?? mkdtempSync(path.join(os.tmpdir(), 'hatchery-product-'))
  const port = options.port ?? (await freePort())
  const firstPort = 20_000 + Math.floor(Math.random() * 300) * 40
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [
      path.join(root, 'scripts/bootstrap.mjs'),
      'start',
      '--json',
      '--port',
      String(port),
      '--data-dir',
      dataDirectory,
      ...(options.args ?? []),
    ],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HATCHERY_ADMIN_EMAIL: ADMIN.email,
        HATCHERY_ADMIN_PASSWORD: ADMIN.password,
        // A range of its own, so that products of several tests do not meet.
        HATCHERY_PORTS: `${firstPort}-${firstPort + 39}`,
        ...options.env,
      },
    },
  )
  let log = ''
  child.stderr.on('data', (data: Buffer) => (log += data.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const ready = await Promise.race([
    firstLine(child),
    exited.then((code): never => {
      throw new Error(`npm start ended with code ${code}:\n${log}`)
    }),
  ])
  const startedInMs = performance.now() - started
  const parsed = JSON.parse(ready) as Ready
  const apiKey = options.apiKey ?? (await createKey(parsed.url))
  const client = createClient({ url: parsed.url, key: apiKey })

  const stop = async () => {
    if (child.exitCode === null) process.kill(parsed.pid, 'SIGINT')
    return exited
  }
  return {
    ...parsed,
    dataDirectory,
    startedInMs,
    password: parsed.adminPassword ?? ADMIN.password,
    client,
    apiKey,
    process: child,
    stop,
    log: () => log,
    async [Symbol.asyncDispose]() {
      if (!options.dataDirectory && child.exitCode === null) await deleteServers(client)
      await stop()
      if (!options.dataDirectory) rmSync(dataDirectory, { recursive: true, force: true })
    },
  }
}

/** Containers outlive the agent on purpose; a test leaves none behind. */
export async function deleteServers(client: Product['client']): Promise<void> {
  const list = () => client.listServers({ query: { scope: 'all', limit: 100 } })
  for (const { id } of (await list()).data) await client.deleteServer({ params: { server: id } })
  await until(async () => (await list()).data.length === 0, 30_000, 'every server of the test is deleted')
}

/** A port that nothing listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

/** Asks until the answer is there; the condition is an event that has no message of its own. */
export async function until<T>(
  ask: () => Promise<T | null | undefined | false>,
  timeoutMs: number,
  what: string,
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > end) throw new Error(`${what} did not happen within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    child.stdout?.on('data', (data: Buffer) => {
      text += data.toString()
      const end = text.indexOf('\n')
      if (end !== -1) resolve(text.slice(0, end))
    })
  })
}

/** Signs in as a browser would, by cookie, and makes an API key. */
async function createKey(url: string): Promise<string> {
  const json = { 'content-type': 'application/json', origin: url }
  const signedIn = await fetch(`${url}/api/v1/auth/sign-in`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ login: ADMIN.email, password: ADMIN.password }),
  })
  if (!signedIn.ok) throw new Error(`sign-in failed: ${signedIn.status} ${await signedIn.text()}`)
  const cookie = signedIn.headers
    .getSetCookie()
    .map((value) => value.split(';')[0])
    .join('; ')
  const created = await fetch(`${url}/api/v1/account/api-keys`, {
    method: 'POST',
    headers: { ...json, cookie },
    body: JSON.stringify({ name: 'test' }),
  })
  if (!created.ok) throw new Error(`API key failed: ${created.status} ${await created.text()}`)
  return ((await created.json()) as { secret: string }).secret
}
