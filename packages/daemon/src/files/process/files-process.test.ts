import { randomUUID } from 'node:crypto'
import { chown, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeFileTree } from '@hatchery/core/conformance'
import { FilesProcess } from './files-process.ts'
import { FilesProcesses } from './files-processes.ts'

const owner =
  process.getuid?.() === 0 ? { uid: 70_003, gid: 70_004 } : { uid: process.getuid!(), gid: process.getgid!() }

async function createHarness(idleMs?: number) {
  const directory = await mkdtemp(join(tmpdir(), 'files-process-'))
  const [root, own, secret] = [join(directory, 'data'), join(directory, 'private'), join(directory, 'secret')]
  for (const path of [root, own]) {
    await mkdir(path, { mode: 0o700 })
    await chown(path, owner.uid, owner.gid)
  }
  await writeFile(secret, 'secret', { mode: 0o600 })
  const said: string[] = []
  const processes = new FilesProcesses({ ...(idleMs && { idleMs }), onError: (_server, text) => said.push(text) })
  const volume = { server: randomUUID(), version: 1, dataDirectory: root, privateDirectory: own }
  return {
    root,
    said,
    processes,
    volume,
    tree: processes.treeOf(volume, owner),
    link: (path: string, target: string) => symlink(target, join(root, path)),
    outside: { path: secret, isUntouched: async () => (await readFile(secret, 'utf8')) === 'secret' },
    async [Symbol.asyncDispose]() {
      await processes[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Processes of this one that serve files of a server. */
async function childrenOf(server: string): Promise<{ readonly pid: number; readonly uids: string }[]> {
  const found = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (!line.includes(server)) continue
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '')
    found.push({ pid: Number(name), uids: /^Uid:\s+(.*)$/m.exec(status)?.[1] ?? '' })
  }
  return found
}

describeFileTree({ describe, test }, 'of a process', createHarness)

test.runIf(process.getuid?.() === 0)('works as the server itself, in every one of its identities', async () => {
  await using harness = await createHarness()
  await harness.tree.write('a', new Uint8Array(1))
  const [child] = await childrenOf(harness.volume.server)
  expect(child?.uids.split('\t')).toEqual(Array.from({ length: 4 }, () => '70003'))
  expect((await stat(join(harness.root, 'a'))).uid).toBe(70_003)
  // What is the agent's it cannot even read: the second wall behind the first.
  await mkdir(join(harness.root, 'of-the-agent'), { mode: 0o700 })
  await expect(harness.tree.list('of-the-agent')).rejects.toMatchObject({ code: 'FILE_DENIED' })
})

test.runIf(process.getuid?.() === 0)('the agent opens nothing that a process only claims to have open', async () => {
  await using harness = await createHarness()
  const process = new FilesProcess({ volume: harness.volume, ...owner, idleMs: 60_000, onError: () => undefined })
  try {
    await harness.tree.write('of-the-server', Buffer.from('mine'))
    await writeFile(join(harness.root, 'of-root'), 'not mine', { mode: 0o644 })
    const open = (name: string) =>
      process.call('open', [name, {}], { patterns: [] }) as Promise<{ readonly descriptor: number }>
    const own = await process.reopen((await open('of-the-server')).descriptor)
    expect((await own?.readFile())?.toString()).toBe('mine')
    await own?.close()
    // The process may read it, and does; the agent, which may read everything, leaves it alone.
    const { descriptor } = await open('of-root')
    expect(await process.reopen(descriptor)).toBeNull()
    for (const other of [0, 1, 2, 3, 4, 5, 9_999, -1, 1.5, Number.NaN]) expect(await process.reopen(other)).toBeNull()
    await using file = await harness.tree.open('of-root')
    expect(Buffer.from(await file.read(0, 100)).toString()).toBe('not mine')
  } finally {
    await process.close()
  }
})

test('one that dies fails its calls, and the next call has another', async () => {
  await using harness = await createHarness()
  await harness.tree.write('a', new Uint8Array(3))
  const [child] = await childrenOf(harness.volume.server)
  async function* killing() {
    yield new Uint8Array(10)
    process.kill(child!.pid, 'SIGKILL')
    yield* Array.from({ length: 64 }, () => new Uint8Array(256 * 1024))
  }
  await expect(harness.tree.writeFrom('b', killing())).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
  expect((await harness.tree.read('a')).length).toBe(3)
  expect(await harness.tree.stat('b')).toBeNull()
  expect((await childrenOf(harness.volume.server))[0]?.pid).not.toBe(child!.pid)
}, 20_000)

test('a file that was open in one that has died is none of the next one', async () => {
  await using harness = await createHarness()
  await using file = await harness.tree.open('a', { canWrite: true, create: 'if-missing' })
  const [child] = await childrenOf(harness.volume.server)
  process.kill(child!.pid, 'SIGKILL')
  await expect(file.write(0, new Uint8Array(1))).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
  await using other = await harness.tree.open('b', { canWrite: true, create: 'if-missing' })
  await expect(file.write(0, new Uint8Array(1))).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
  expect((await other.stat()).sizeBytes).toBe(0)
}, 20_000)

test('ends when nobody needs it, and not while a file is open', async () => {
  await using harness = await createHarness(50)
  await using neighbour = await createHarness(50)
  const file = await harness.tree.open('a', { canWrite: true, create: 'if-missing' })
  const [child] = await childrenOf(harness.volume.server)
  await neighbour.tree.stat('a')
  // The neighbour began later, so that this one would have ended before.
  await expect.poll(() => childrenOf(neighbour.volume.server), { timeout: 5_000 }).toEqual([])
  expect((await childrenOf(harness.volume.server))[0]?.pid).toBe(child?.pid)
  await file[Symbol.asyncDispose]()
  await expect.poll(() => childrenOf(harness.volume.server), { timeout: 5_000 }).toEqual([])
  expect((await harness.tree.stat('a'))?.sizeBytes).toBe(0)
  expect(harness.said).toEqual([])
}, 20_000)
