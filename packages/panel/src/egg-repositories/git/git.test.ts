import { randomBytes } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import { describe, expect, test } from 'vitest'
import { createAddressPolicy } from '../../outbound/address-policy.ts'
import { OutboundClient, type OutboundOptions } from '../../outbound/outbound-client.ts'
import { PUBLIC_ADDRESS } from '../../outbound/test-web.ts'
import { fetchFiles, type WantedFiles } from './fetch-files.ts'
import type { GitCredentials } from './git-remote.ts'
import { hasGitServer, openTestGitServer, type TestGitServer } from './git-server.test-data.ts'

const signal = new AbortController().signal
const policy = createAddressPolicy([PUBLIC_ADDRESS])
const everything: WantedFiles = { branch: null, folder: '', isWanted: () => true }

async function read(
  server: TestGitServer,
  url: string,
  wanted: Partial<WantedFiles> = {},
  credentials: GitCredentials | null = null,
) {
  const outbound = new OutboundClient({ policy, ca: server.ca })
  return fetchFiles(outbound, { url, credentials }, { ...everything, ...wanted }, null, async () => undefined, signal)
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )

const textsOf = ({ files }: Awaited<ReturnType<typeof read>>) =>
  Object.fromEntries((files ?? []).map(({ path, data }) => [path, data?.toString() ?? null]))

describe.skipIf(!hasGitServer)('a git repository', () => {
  for (const canFilter of [true, false]) {
    test(`is read as it stands, ${canFilter ? 'without' : 'with'} what is too large on the wire`, async () => {
      await using server = await openTestGitServer()
      const repository = server.createRepository('games', { canFilter })
      // Versions that are alike, so that git packs one as a change of the other.
      const long = Array.from({ length: 3000 }, (_, index) => `line ${index} ${index * 7919}`).join('\n')
      const files = {
        'README.md': 'about',
        'a/egg-one.json': long,
        'a/egg-two.json': long.replace('line 1500', 'line fifteen hundred'),
        'b/deep/er/egg-three.json': `${long}\nend`,
        'empty.json': '',
        'ünï — code.json': 'name',
        'random.bin': randomBytes(300_000),
        'huge.json': Buffer.alloc(3 * 1_048_576, 'x'),
      }
      const id = repository.commit(files)
      repository.git('repack', '-adfq', '--depth=50', '--window=50')
      const { commit, files: found } = await read(server, repository.url)
      expect(commit).toMatchObject({ id, at: 1_767_225_600_000, title: 'Eggs of today' })
      expect(found?.map(({ path }) => path)).toEqual(Object.keys(files).toSorted())
      for (const { path, data } of found ?? []) {
        const expected = files[path as keyof typeof files]
        if (path === 'huge.json') expect(data).toBeNull()
        else expect(data?.equals(Buffer.from(expected as Buffer)), path).toBe(true)
      }
      const inFolder = await read(server, repository.url, {
        folder: 'b/deep',
        isWanted: (path) => path.endsWith('.json'),
      })
      expect(Object.keys(textsOf(inFolder))).toEqual(['b/deep/er/egg-three.json'])
      expect(textsOf(await read(server, repository.url, { folder: 'no/such' }))).toEqual({})
    })
  }

  test('is read again after a force-push, and not fetched where nothing has changed', async () => {
    await using server = await openTestGitServer()
    const repository = server.createRepository('games')
    repository.commit({ 'old.json': '1' })
    const first = await read(server, repository.url)
    repository.commit({ 'new.json': '2' }, { isForced: true })
    const second = await read(server, repository.url)
    expect(textsOf(second)).toEqual({ 'new.json': '2' })
    expect(second.commit.id).not.toBe(first.commit.id)
    const outbound = new OutboundClient({ policy, ca: server.ca })
    const before = server.requests.length
    const place = { url: repository.url, credentials: null }
    const third = await fetchFiles(outbound, place, everything, second.commit, async () => undefined, signal)
    expect(third.files).toBeNull()
    expect(server.requests.slice(before)).toEqual(['GET /games/.git/info/refs'])
  })

  test('has branches', async () => {
    await using server = await openTestGitServer()
    const repository = server.createRepository('games', { branch: 'trunk' })
    repository.commit({ 'a.json': 'trunk' })
    repository.commit({ 'a.json': 'side' }, { branch: 'feature/x' })
    repository.git('checkout', '-q', 'trunk')
    expect(textsOf(await read(server, repository.url))).toEqual({ 'a.json': 'trunk' })
    expect(textsOf(await read(server, repository.url, { branch: 'feature/x' }))).toEqual({ 'a.json': 'side' })
    expect(await codeOf(read(server, repository.url, { branch: 'none' }))).toBe('GIT_BRANCH_NOT_FOUND')
    const empty = server.createRepository('empty')
    expect(await codeOf(read(server, empty.url))).toBe('GIT_BRANCH_NOT_FOUND')
  })

  test('asks for credentials, which go nowhere else', async () => {
    await using server = await openTestGitServer()
    await using other = await openTestGitServer()
    const repository = server.createRepository('games')
    repository.commit({ 'a.json': '1' })
    server.credentials = 'me:secret token: with colons'
    const credentials = { username: 'me', password: 'secret token: with colons' }
    expect(textsOf(await read(server, repository.url, {}, credentials))).toEqual({ 'a.json': '1' })
    expect(await codeOf(read(server, repository.url))).toBe('GIT_AUTHENTICATION_FAILED')
    const wrong = { ...credentials, password: 'x' }
    expect(await codeOf(read(server, repository.url, {}, wrong))).toBe('GIT_AUTHENTICATION_FAILED')

    other.createRepository('games').commit({ 'a.json': 'of another host' })
    server.answer = (request, response) => {
      response.writeHead(302, { location: `${other.url}${request.url}` }).end()
    }
    const outbound = new OutboundClient({ policy, ca: server.ca + other.ca })
    const place = { url: repository.url, credentials }
    const moved = await fetchFiles(outbound, place, everything, null, async () => undefined, signal)
    expect(moved.files?.[0]?.data?.toString()).toBe('of another host')
    expect(other.authorizations).toEqual([undefined, undefined])
  })

  test('is read from a server that proves its name, and from no other', async () => {
    await using server = await openTestGitServer()
    const repository = server.createRepository('games')
    repository.commit({ 'a.json': '1' })
    const readWith = (options: OutboundOptions, url = repository.url) => {
      const place = { url, credentials: null }
      const outbound = new OutboundClient({ policy, ...options })
      return codeOf(fetchFiles(outbound, place, everything, null, async () => undefined, signal))
    }
    expect(await readWith({ ca: server.ca })).toBe('nothing was thrown')
    expect(await readWith({})).toBe('OUTBOUND_FAILED')
    const named = repository.url.replace(PUBLIC_ADDRESS, 'git.example')
    expect(await readWith({ ca: server.ca, lookup: async () => [PUBLIC_ADDRESS] }, named)).toBe('OUTBOUND_FAILED')
  })

  test('that holds links, submodules and odd names shows its plain files only', async () => {
    await using server = await openTestGitServer()
    const repository = server.createRepository('odd')
    repository.commit({ 'egg.json': '1', 'link.json': 'link:/etc/passwd', 'dir/up.json': 'link:../../../etc/passwd' })
    const blob = repository.git('hash-object', '-w', 'egg.json')
    const tree = (lines: string) => {
      const { execFileSync } = process.getBuiltinModule('node:child_process')
      const options = { cwd: repository.directory, input: lines, encoding: 'utf8' } as const
      return execFileSync('git', ['mktree', '-z', '--missing'], options).trim()
    }
    const inner = tree(`100644 blob ${blob}\tegg.json\0`)
    const names = ['..', '.', '.git', '.GIT', 'a\\b.json', 'tab\tname.json', 'new\nline.json']
    const odd = tree(
      [
        ...names.map((name) => `100644 blob ${blob}\t${name}\0`),
        `040000 tree ${inner}\tfine\0`,
        `040000 tree ${inner}\t.git-hub\0`,
        `160000 commit ${'1'.repeat(40)}\tmodule.json\0`,
        `100755 blob ${blob}\trunnable.json\0`,
        `120000 blob ${blob}\tlink.json\0`,
      ].join(''),
    )
    const commit = repository.git('commit-tree', '-m', 'odd', odd)
    repository.git('update-ref', 'refs/heads/main', commit)
    expect(Object.keys(textsOf(await read(server, repository.url)))).toEqual([
      '.git-hub/egg.json',
      'fine/egg.json',
      'runnable.json',
    ])
  })

  test('of which a tree stands in itself ten billion times ends', async () => {
    await using server = await openTestGitServer()
    const repository = server.createRepository('bomb')
    repository.commit({ 'egg.json': '1' })
    const { execFileSync } = process.getBuiltinModule('node:child_process')
    let entry = `100644 blob ${repository.git('hash-object', '-w', 'egg.json')}`
    for (let depth = 0; depth < 10; depth++) {
      const lines = Array.from({ length: 10 }, (_, index) => `${entry}\t${index}.json\0`).join('')
      const options = { cwd: repository.directory, input: lines, encoding: 'utf8' } as const
      entry = `040000 tree ${execFileSync('git', ['mktree', '-z'], options).trim()}`
    }
    const commit = repository.git('commit-tree', '-m', 'bomb', entry.slice(-40))
    repository.git('update-ref', 'refs/heads/main', commit)
    expect(await codeOf(read(server, repository.url))).toBe('GIT_REPOSITORY_TOO_LARGE')
  })
})

describe.skipIf(!hasGitServer)('what is no git server', () => {
  test('is told apart from one', async () => {
    await using server = await openTestGitServer()
    server.createRepository('games').commit({ 'a.json': '1' })
    expect(await codeOf(read(server, `${server.url}/nothing`))).toBe('GIT_REPOSITORY_NOT_FOUND')
    const answers: readonly [number, string | Buffer, string][] = [
      [200, '<html>', 'GIT_PROTOCOL_FAILED'],
      [200, '', 'GIT_PROTOCOL_FAILED'],
      [200, '001e# service=git-upload-pack\n0000', 'GIT_BRANCH_NOT_FOUND'],
      [200, '001e# service=git-upload-pack\n0000zzzz', 'GIT_PROTOCOL_FAILED'],
      [200, '001e# service=git-upload-pack\n0000ffff', 'GIT_PROTOCOL_FAILED'],
      [200, '001e# service=git-upload-pack\n00000009nonsense', 'GIT_PROTOCOL_FAILED'],
      [200, randomBytes(5000), 'GIT_PROTOCOL_FAILED'],
      [200, Buffer.alloc(17 * 1_048_576, '0'), 'OUTBOUND_TOO_LARGE'],
      [500, 'error', 'OUTBOUND_FAILED'],
      [403, '', 'GIT_AUTHENTICATION_FAILED'],
    ]
    for (const [status, body, code] of answers) {
      server.answer = (_request, response) => void response.writeHead(status).end(body)
      expect(await codeOf(read(server, `${server.url}/games/.git`)), String(body).slice(0, 40)).toBe(code)
    }
  })
})
