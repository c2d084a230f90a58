import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { once } from 'node:events'
import { FakeAgent, FAKE_HOST } from '../../packages/panel/src/nodes/fake-agent.ts'
import type { TestServer, TestUser } from '../../packages/panel/src/testing/test-panel.ts'
import { TEST_PASSWORD } from '../../packages/panel/src/testing/factories.ts'
import type { Breakage, Operations } from './panel-process.ts'

export const PASSWORD = TEST_PASSWORD
export type Headers = Readonly<Record<string, string | string[]>>

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
  /** Code of the error, where there is one in our shape. */
  readonly code: string | null
}

export interface Call {
  readonly method?: string
  readonly path: string
  readonly headers?: Headers
  readonly body?: string | Buffer | undefined
}

/** A panel to attack: its process, people, servers of two owners, and a node with a connected agent. */
export class Stage implements AsyncDisposable {
  readonly url: string
  readonly directory: string
  readonly #child: ChildProcess
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
  readonly #pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  #next = 0
  #log: string[] = []

  private constructor(child: ChildProcess, url: string, directory: string) {
    this.#child = child
    this.url = url
    this.directory = directory
    child.on('message', (message: { id?: number; result?: never; error?: string }) => {
      if (message.id === undefined) return
      const waiting = this.#pending.get(message.id)
      this.#pending.delete(message.id)
      if (message.error === undefined) waiting?.resolve(message.result!)
      else waiting?.reject(new Error(message.error))
    })
    child.on('error', () => {
      // Told by `ask`.
    })
    child.once('exit', () => {
      for (const { reject } of this.#pending.values()) reject(new Error('The panel process has ended.'))
    })
  }

  static async open(breakage?: Breakage, env: Record<string, string> = {}): Promise<Stage> {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'hatchery-abuse-'))
    const child = fork(path.join(import.meta.dirname, 'panel-process.ts'), [directory, breakage ?? ''], {
      execArgv: ['--conditions=@hatchery/source'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
    })
    const output: string[] = []
    child.stdout!.on('data', (data: Buffer) => output.push(String(data)))
    child.stderr!.on('data', (data: Buffer) => output.push(String(data)))
    const started = await Promise.race([once(child, 'message'), once(child, 'exit')])
    const url = (started[0] as { url?: string } | number | null) ?? null
    if (typeof url !== 'object' || url?.url === undefined)
      throw new Error(`The panel did not start:\n${output.join('')}`)
    const stage = new Stage(child, url.url, directory)
    stage.#log = output
    return stage
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get pid(): number {
    return this.#child.pid!
  }

  get log(): string {
    return this.#log.join('')
  }

  ask<N extends keyof Operations>(
    name: N,
    ...[input]: Parameters<Operations[N]>
  ): Promise<Awaited<ReturnType<Operations[N]>>> {
    return new Promise((resolve, reject) => {
      const id = ++this.#next
      this.#pending.set(id, { resolve, reject })
      if (!this.isAlive) return reject(new Error('The panel process has ended.'))
      this.#child.send({ id, name, input: input ?? {} }, (error) => error && reject(error))
    })
  }

  async cookieOf(user: TestUser, ageMs = 0): Promise<string> {
    return `hatchery=${await this.ask('session', { userId: user.id, ageMs })}`
  }

  call({ method = 'GET', path: target, headers = {}, body }: Call): Promise<Answer> {
    const { hostname, port } = new URL(this.url)
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          hostname,
          port,
          path: target,
          method,
          headers: { ...length, ...headers },
          agent: this.#agent,
          timeout: 20_000,
        },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8')
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text, code: codeOf(text) })
          })
        },
      )
      request.on('timeout', () => request.destroy(new Error('no answer within 20 s')))
      request.on('error', (error: Error & { code?: string }) => {
        // A body that is too large is not read to its end: the answer is lost where the client still writes.
        const isCutOff =
          Buffer.byteLength(body ?? '') > 262_144 && (error.code === 'EPIPE' || error.code === 'ECONNRESET')
        if (isCutOff && this.isAlive) resolve({ status: 413, headers: {}, text: '', code: 'BODY_TOO_LARGE' })
        else reject(error)
      })
      request.end(body)
    })
  }

  /** Calls with a JSON body, as a well-meaning client does. */
  json(method: string, target: string, headers: Headers, value?: unknown): Promise<Answer> {
    if (value === undefined) return this.call({ method, path: `/api/v1${target}`, headers })
    const withType = { ...headers, 'content-type': 'application/json' }
    return this.call({ method, path: `/api/v1${target}`, headers: withType, body: JSON.stringify(value) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    if (this.isAlive) {
      const ended = once(this.#child, 'exit')
      this.#child.kill('SIGKILL')
      await ended
    }
    rmSync(this.directory, { recursive: true, force: true })
  }
}

function codeOf(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown; requestId?: unknown } }
    return typeof error?.code === 'string' && typeof error.message === 'string' ? error.code : null
  } catch {
    // Not JSON, so it has no code.
    return null
  }
}

export interface Cast {
  readonly admin: TestUser
  readonly owner: TestUser
  readonly outsider: TestUser
  readonly subuser: TestUser
  readonly server: TestServer
  /** Of the outsider. */
  readonly foreign: TestServer
  readonly node: string
  readonly nodeId: number
  readonly nodeToken: string
  readonly agent: FakeAgent
}

/** People and servers; `agent` is connected to the node of `server`. */
export async function castOf(stage: Stage): Promise<Cast> {
  const admin = await stage.ask('user', { username: 'root-admin', isAdmin: true })
  const owner = await stage.ask('user', { username: 'owner' })
  const outsider = await stage.ask('user', { username: 'outsider' })
  const subuser = await stage.ask('user', { username: 'subuser' })
  const node = await stage.ask('node')
  const server = await stage.ask('server', { owner, node_id: node.id } as never)
  const foreign = await stage.ask('server', { owner: outsider })
  await stage.ask('grant', {
    user: subuser as never,
    server: server as never,
    permissions: ['control.console', 'websocket.connect'],
  })
  const cookie = await stage.cookieOf(admin)
  await stage.json('POST', `/nodes/${node.uuid}/allocations`, { cookie }, { ip: '127.0.0.1', ports: ['41000-41099'] })
  const issued = await stage.json('POST', `/nodes/${node.uuid}/enrolment-token`, { cookie })
  const { token } = JSON.parse(issued.text) as { token: string }
  const agent = await enrol(stage, token)
  await agent.connect(stage.url)
  // What follows a connection is not an effect of what comes next.
  await settled(stage)
  return { admin, owner, outsider, subuser, server, foreign, node: node.uuid, nodeId: node.id, nodeToken: token, agent }
}

export async function enrol(
  stage: Stage,
  token: string,
  secret = Buffer.alloc(32, 'planted-node-secret!'),
): Promise<FakeAgent> {
  const installation = crypto.randomUUID()
  const body = { token, secret: secret.toString('base64url'), installation, host: FAKE_HOST }
  const answer = await stage.json('POST', '/agent/enrol', {}, body)
  if (answer.status !== 200) throw new Error(`The enrolment was refused: ${answer.text}`)
  const { node, keyId } = JSON.parse(answer.text) as { node: string; keyId: string }
  return new FakeAgent(node, keyId, secret, installation)
}

/** The tables whose rows differ, with the first difference of each. */
export function difference(before: Record<string, string[]>, after: Record<string, string[]>): string[] {
  const changed: string[] = []
  for (const [table, rows] of Object.entries(after)) {
    const known = new Set(before[table])
    const extra = rows.find((row) => !known.has(row))
    if (extra !== undefined) changed.push(`${table}: ${extra.slice(0, 300)}`)
    else if (rows.length !== before[table]?.length)
      changed.push(`${table}: ${before[table]?.length} → ${rows.length} rows`)
  }
  return changed
}

/** The tables once nothing is written any more: operations and agents go on after an answer. */
export async function settled(stage: Stage): Promise<Record<string, string[]>> {
  let before = await stage.ask('tables')
  for (let quiet = 0; ;) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    const after = await stage.ask('tables')
    quiet = difference(before, after).length === 0 ? quiet + 1 : 0
    if (quiet === 2) return after
    before = after
  }
}
