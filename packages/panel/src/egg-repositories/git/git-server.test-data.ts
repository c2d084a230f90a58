import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PUBLIC_ADDRESS } from '../../outbound/test-web.ts'

/** False where git's server or openssl is not there; then the groups that need it are skipped, and say so. */
export const hasGitServer = [
  ['git', '--version'],
  ['openssl', 'version'],
].every(([program = '', argument = '']) => spawnSync(program, [argument]).status === 0)
if (!hasGitServer) {
  const message = 'skipped: git repositories (git and openssl are not both installed)'
  if (process.env['HATCHERY_CI'] === '1') throw new Error(message)
  console.log(message)
}

export interface TestGitServer extends AsyncDisposable {
  /** Certificate to trust, PEM. */
  readonly ca: string
  /** Such as `https://127.0.0.2:40123`; repositories lie below it. */
  readonly url: string
  /** `GET /games/info/refs`, … */
  readonly requests: readonly string[]
  readonly authorizations: readonly (string | undefined)[]
  /** Another answer to everything, for servers that are no git servers. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null
  /** `user:password` that is asked for. */
  credentials: string | null
  /** The answer of git, for a request that `answer` has held back. */
  serve(request: IncomingMessage, response: ServerResponse): void
  /** A repository that is served as `<name>`. */
  createRepository(name: string, options?: { readonly branch?: string; readonly canFilter?: boolean }): TestRepository
}

export interface TestRepository {
  readonly url: string
  readonly directory: string
  /** Replaces the files of a branch by these and commits. A string is a file's text; `link:` makes a symbolic link. */
  commit(
    files: Readonly<Record<string, string | Buffer>>,
    options?: { readonly branch?: string; readonly isForced?: boolean },
  ): string
  git(...args: string[]): string
}

/** The real server of git, `git http-backend`, behind TLS. */
export async function openTestGitServer(): Promise<TestGitServer> {
  const root = mkdtempSync(join(tmpdir(), 'hatchery-git-'))
  const { key, cert } = makeCertificate(root)
  const requests: string[] = []
  const authorizations: (string | undefined)[] = []
  const server = createServer({ key, cert }, (request, response) => {
    requests.push(`${request.method} ${request.url?.split('?')[0]}`)
    authorizations.push(request.headers.authorization)
    if (self.answer) {
      self.answer(request, response)
      return
    }
    const expected = self.credentials === null ? null : `Basic ${Buffer.from(self.credentials).toString('base64')}`
    if (expected !== null && request.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    serve(root, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, PUBLIC_ADDRESS, resolve))
  const url = `https://${PUBLIC_ADDRESS}:${(server.address() as AddressInfo).port}`
  const self: TestGitServer = {
    ca: cert,
    url,
    requests,
    authorizations,
    answer: null,
    credentials: null,
    serve: (request, response) => serve(root, request, response),
    createRepository: (name, options) => createRepository(root, url, name, options),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(root, { recursive: true, force: true })
    },
  }
  return self
}

function makeCertificate(root: string): { key: string; cert: string } {
  const [keyFile, certFile] = [join(root, 'key.pem'), join(root, 'cert.pem')]
  const subject = ['-subj', '/CN=git.test', '-addext', `subjectAltName=IP:${PUBLIC_ADDRESS}`]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', keyFile, '-out', certFile], {
    stdio: 'pipe',
  })
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
}

/** The environment of the machine stays outside: no configuration of whoever runs the tests. */
const environment = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Tests',
  GIT_AUTHOR_EMAIL: 'tests@example.com',
  GIT_COMMITTER_NAME: 'Tests',
  GIT_COMMITTER_EMAIL: 'tests@example.com',
  GIT_COMMITTER_DATE: '1767225600 +0000',
  GIT_AUTHOR_DATE: '1767225600 +0000',
  ...more,
})

function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const backend = spawn('git', ['http-backend'], {
    env: environment({
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'] ?? '',
      REMOTE_ADDR: '127.0.0.1',
    }),
  })
  request.pipe(backend.stdin)
  backend.stdin.on('error', () => undefined)
  let head = Buffer.alloc(0)
  backend.stdout.on('data', (chunk: Buffer) => {
    if (response.headersSent) {
      response.write(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    const lines = head.toString('latin1', 0, end).split('\r\n')
    const headers = lines.map((line) => line.split(/: (.*)/s) as [string, string])
    const status = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200)
    response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== 'Status')))
    response.write(head.subarray(end + 4))
  })
  backend.on('close', () => response.end())
}

function createRepository(
  root: string,
  url: string,
  name: string,
  { branch = 'main', canFilter = true }: { readonly branch?: string; readonly canFilter?: boolean } = {},
): TestRepository {
  const directory = join(root, name)
  mkdirSync(directory, { recursive: true })
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: directory, env: environment(), encoding: 'utf8', stdio: 'pipe' }).trim()
  git('init', '-q', '--initial-branch', branch)
  git('config', 'uploadpack.allowFilter', String(canFilter))
  git('config', 'safe.directory', '*')
  return {
    url: `${url}/${name}/.git`,
    directory,
    git,
    commit(files, { branch: onto = branch, isForced = false } = {}) {
      if (isForced) git('checkout', '-q', '--orphan', `fresh-${Math.random().toString(36).slice(2)}`)
      else git('checkout', '-q', '-B', onto)
      git('rm', '-rqf', '--ignore-unmatch', '.')
      for (const [path, content] of Object.entries(files)) {
        const file = join(directory, path)
        mkdirSync(dirname(file), { recursive: true })
        if (typeof content === 'string' && content.startsWith('link:')) {
          execFileSync('ln', ['-s', content.slice(5), file])
          continue
        }
        writeFileSync(file, content)
        chmodSync(file, 0o644)
      }
      git('add', '-A', '-f')
      git('commit', '-q', '--allow-empty', '-m', 'Eggs of today\n\nWith a body.')
      if (isForced) git('branch', '-q', '-M', onto)
      return git('rev-parse', 'HEAD')
    },
  }
}
