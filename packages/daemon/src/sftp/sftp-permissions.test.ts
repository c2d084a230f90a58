import { duplexPair, type Duplex } from 'node:stream'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SFTP_VERBS } from '@hatchery/core/api'
import { SERVER_PERMISSIONS } from '@hatchery/core/permissions'
import { createLocalFileTree } from '../files/local-file-tree.ts'
import { DiskQuota } from '../server-files/disk-quota.ts'
import { PacketSplitter } from './packet-splitter.ts'
import { MAX_HANDLES } from './sftp-handles.ts'
import { MAX_PACKET_BYTES, OPEN, PACKET, STATUS } from './sftp-protocol.ts'
import { SftpSession } from './sftp-session.ts'

type Field = string | Buffer | { readonly u32: number } | { readonly u64: number }
const u32 = (value: number): Field => ({ u32: value })
const u64 = (value: number): Field => ({ u64: value })
const NO_ATTRIBUTES = u32(0)

function encode(type: number, ...fields: readonly Field[]): Buffer {
  const parts = fields.map((field) => {
    if (typeof field === 'object' && 'u32' in field) {
      const part = Buffer.alloc(4)
      part.writeUInt32BE(field.u32)
      return part
    }
    if (typeof field === 'object' && 'u64' in field) {
      const part = Buffer.alloc(8)
      part.writeBigUInt64BE(BigInt(field.u64))
      return part
    }
    const bytes = Buffer.from(field)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  })
  const body = Buffer.concat([Buffer.from([type]), ...parts])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([length, body])
}

interface Reply {
  readonly type: number
  readonly status: number | null
  readonly body: Buffer
}

function createStage(permissions: readonly string[], limitMiB = 0) {
  const root = mkdtempSync(join(tmpdir(), 'sftp-'))
  mkdirSync(join(root, 'data/folder'), { recursive: true })
  mkdirSync(join(root, 'private'))
  writeFileSync(join(root, 'data/file'), 'content')
  symlinkSync('file', join(root, 'data/link'))
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const tree = createLocalFileTree({
    server: 'server',
    root: join(root, 'data'),
    privateRoot: join(root, 'private'),
    ...owner,
  })
  const quota = new DiskQuota({
    server: 'server',
    volumes: { usage: async () => (await tree.diskUse('')).diskBytes } as never,
    now: Date.now,
    limitMiB: () => limitMiB,
    free: async () => false,
  })
  const [ours, theirs] = duplexPair() as [Duplex, Duplex]
  const faults: unknown[] = []
  const open = async () => ({ server: 'server', tree, quota, now: Date.now })
  const session = new SftpSession(ours, {
    files: { owner, toRead: open, toWrite: open, diskRoom: async () => ({ totalBytes: 1e12, freeBytes: 1e11 }) },
    permissions: new Set(permissions),
    ownerName: 'server',
    now: Date.now,
    onDone: () => undefined,
    onSaved: () => undefined,
    onFault: (error) => faults.push(error),
  })
  const splitter = new PacketSplitter(2 * MAX_PACKET_BYTES)
  const replies: Buffer[] = []
  let wake: () => void = () => undefined
  theirs.on('data', (chunk: Buffer) => {
    splitter.add(chunk)
    for (let packet = splitter.next(); packet; packet = splitter.next()) replies.push(packet)
    wake()
  })
  let id = 0
  const next = async (): Promise<Buffer> => {
    while (replies.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return replies.shift()!
  }
  theirs.write(encode(PACKET.init, u32(3)))
  const ready = next()
  return {
    root: join(root, 'data'),
    session,
    faults,
    stream: theirs,
    /** Sends requests in one piece. @returns an answer for each */
    async send(requests: readonly Buffer[]): Promise<Buffer[]> {
      await ready
      theirs.write(Buffer.concat(requests))
      const answers: Buffer[] = []
      while (answers.length < requests.length) answers.push(await next())
      return answers
    },
    async ask(type: number, ...fields: readonly Field[]): Promise<Reply> {
      await ready
      id += 1
      theirs.write(encode(type, u32(id), ...fields))
      const packet = await next()
      expect(packet.readUInt32BE(1)).toBe(id)
      return {
        type: packet[0]!,
        status: packet[0] === PACKET.status ? packet.readUInt32BE(5) : null,
        body: packet.subarray(5),
      }
    },
    async [Symbol.asyncDispose]() {
      theirs.destroy()
      session.close()
      await session.ended
      rmSync(root, { recursive: true, force: true })
    },
  }
}

type Stage = ReturnType<typeof createStage>
const ALL = Object.keys(SERVER_PERMISSIONS)
const openFlags = (stage: Stage, path: string, flags: number) => stage.ask(PACKET.open, path, u32(flags), NO_ATTRIBUTES)
const handleOf = ({ body }: Reply) => body.subarray(4)
const extended = (stage: Stage, name: string, ...fields: Field[]) => stage.ask(PACKET.extended, name, ...fields)

/** Every way to each verb. */
const WAYS: readonly (readonly [keyof typeof SFTP_VERBS, string, (stage: Stage) => Promise<Reply>])[] = [
  ['list', 'opendir', (stage) => stage.ask(PACKET.opendir, '/')],
  ['stat', 'stat', (stage) => stage.ask(PACKET.stat, '/file')],
  ['stat', 'lstat', (stage) => stage.ask(PACKET.lstat, '/link')],
  ['readlink', 'readlink', (stage) => stage.ask(PACKET.readlink, '/link')],
  ['room', 'statvfs', (stage) => extended(stage, 'statvfs@openssh.com', '/')],
  ['read', 'open to read', (stage) => openFlags(stage, '/file', OPEN.read)],
  ['read', 'open to read and write', (stage) => openFlags(stage, '/file', OPEN.read | OPEN.write)],
  ['create', 'open a new file', (stage) => openFlags(stage, '/new', OPEN.write | OPEN.create | OPEN.truncate)],
  ['create', 'open exclusively', (stage) => openFlags(stage, '/new', OPEN.write | OPEN.create | OPEN.exclusive)],
  ['create', 'mkdir', (stage) => stage.ask(PACKET.mkdir, '/made', NO_ATTRIBUTES)],
  ['create', 'hardlink', (stage) => extended(stage, 'hardlink@openssh.com', '/file', '/second')],
  ['read', 'hardlink', (stage) => extended(stage, 'hardlink@openssh.com', '/file', '/second')],
  ['write', 'open what is there', (stage) => openFlags(stage, '/file', OPEN.write | OPEN.create | OPEN.truncate)],
  ['write', 'append', (stage) => openFlags(stage, '/file', OPEN.append)],
  ['write', 'open to write', (stage) => openFlags(stage, '/file', OPEN.write)],
  ['rename', 'rename', (stage) => stage.ask(PACKET.rename, '/file', '/renamed')],
  ['rename', 'posix-rename', (stage) => extended(stage, 'posix-rename@openssh.com', '/file', '/renamed')],
  ['setstat', 'setstat', (stage) => stage.ask(PACKET.setstat, '/file', u32(4), u32(0o600))],
  ['setstat', 'lsetstat', (stage) => extended(stage, 'lsetstat@openssh.com', '/file', u32(4), u32(0o600))],
  [
    'setstat',
    'fsetstat',
    async (stage) =>
      stage.ask(PACKET.fsetstat, handleOf(await openFlags(stage, '/file', OPEN.read)), u32(4), u32(0o600)),
  ],
  ['symlink', 'symlink', (stage) => stage.ask(PACKET.symlink, 'file', '/made')],
  ['delete', 'remove', (stage) => stage.ask(PACKET.remove, '/file')],
  ['delete', 'rmdir', (stage) => stage.ask(PACKET.rmdir, '/folder')],
  ['path', 'realpath', (stage) => stage.ask(PACKET.realpath, '/a/../b')],
  ['path', 'expand-path', (stage) => extended(stage, 'expand-path@openssh.com', '~/x')],
  ['path', 'home-directory', (stage) => extended(stage, 'home-directory', 'alice')],
  ['limits', 'limits', (stage) => extended(stage, 'limits@openssh.com')],
]

describe('permissions', () => {
  test('every verb has a way here', () => {
    expect(new Set(WAYS.map(([verb]) => verb))).toEqual(new Set(Object.keys(SFTP_VERBS)))
  })

  test.each(WAYS)('%s by %s needs its permission and no other', async (verb, _way, use) => {
    const permission = SFTP_VERBS[verb]
    await using allowed = createStage(ALL)
    const granted = await use(allowed)
    expect(granted.status === null || granted.status === STATUS.ok).toBe(true)
    expect(allowed.faults).toEqual([])

    await using nobody = createStage(permission === null ? [] : ALL.filter((name) => name !== permission))
    const refused = await use(nobody)
    if (permission === null) expect(refused.status ?? STATUS.ok).toBe(STATUS.ok)
    // A handle that could not be opened is none to set something of.
    else expect([STATUS.permissionDenied, STATUS.failure]).toContain(refused.status)
    expect(nobody.faults).toEqual([])
  })

  test('nothing at all can be done without any', async () => {
    for (const [verb, , use] of WAYS) {
      if (SFTP_VERBS[verb] === null) continue
      await using stage = createStage(['file.sftp'])
      expect((await use(stage)).status).not.toBeNull()
    }
  })
})

describe('limits', () => {
  test('a write beyond the quota fails with words, and nothing else does', async () => {
    await using stage = createStage(ALL, 1)
    const handle = handleOf(await openFlags(stage, '/big', OPEN.write | OPEN.create | OPEN.truncate | OPEN.read))
    const piece = Buffer.alloc(128 * 1024, 1)
    let [written, full] = [0, null as Reply | null]
    for (; !full && written < 32; written += 1) {
      const reply = await stage.ask(PACKET.write, handle, u64(written * piece.length), piece)
      if (reply.status !== STATUS.ok) full = reply
    }
    expect(full?.status).toBe(STATUS.failure)
    expect(full?.body.toString()).toContain('1 MiB')
    expect(written).toBeLessThan(10)
    expect((await stage.ask(PACKET.read, handle, u64(0), u32(10))).type).toBe(PACKET.data)
    // The same place again needs no more room.
    expect((await stage.ask(PACKET.write, handle, u64(0), piece)).status).toBe(STATUS.ok)
    expect((await stage.ask(PACKET.close, handle)).status).toBe(STATUS.ok)
    expect((await stage.ask(PACKET.remove, '/big')).status).toBe(STATUS.ok)
    expect((await openFlags(stage, '/again', OPEN.write | OPEN.create)).type).toBe(PACKET.handle)
  })

  test('holes, far places and many small writes take no more than the quota', async () => {
    await using stage = createStage(ALL, 1)
    const handle = handleOf(await openFlags(stage, '/sparse', OPEN.write | OPEN.create))
    expect((await stage.ask(PACKET.setstat, '/sparse', u32(1), u64(2 ** 40))).status).toBe(STATUS.failure)
    expect((await stage.ask(PACKET.write, handle, u64(2 ** 53 - 1), Buffer.alloc(10))).status).toBe(STATUS.failure)
    expect((await stage.ask(PACKET.fsetstat, handle, u32(1), u64(900_000))).status).toBe(STATUS.ok)
    let taken = 0
    const piece = Buffer.alloc(64 * 1024, 1)
    for (let at = 0; at < 64; at += 1) {
      const { status } = await stage.ask(PACKET.write, handle, u64(at * 10 * piece.length), piece)
      if (status === STATUS.ok) taken += piece.length
    }
    expect(taken).toBeLessThanOrEqual(1024 * 1024)
    expect(taken).toBeGreaterThan(500_000)
  })

  test('so many handles and no more; those of others mean nothing', async () => {
    await using stage = createStage(ALL)
    await using other = createStage(ALL)
    const handle = handleOf(await openFlags(stage, '/file', OPEN.read))
    expect((await other.ask(PACKET.read, handle, u64(0), u32(1))).status).toBe(STATUS.failure)
    expect((await stage.ask(PACKET.close, handle)).status).toBe(STATUS.ok)
    expect((await stage.ask(PACKET.close, handle)).status).toBe(STATUS.failure)
    for (let at = 0; at < MAX_HANDLES; at += 1) await stage.ask(PACKET.opendir, '/folder')
    expect((await stage.ask(PACKET.opendir, '/folder')).status).toBe(STATUS.failure)
    expect((await openFlags(stage, '/file', OPEN.read)).status).toBe(STATUS.failure)
  })
})

test('what is asked in a row takes effect in a row', async () => {
  await using stage = createStage(ALL)
  const handle = handleOf(await openFlags(stage, '/row', OPEN.write | OPEN.create | OPEN.read))
  const write = (id: number, text: string) => encode(PACKET.write, u32(id), handle, u64(0), text)
  const answers = await stage.send([
    ...Array.from({ length: 50 }, (_, at) => write(1000 + at, `text ${String(at).padStart(3)}`)),
    encode(PACKET.close, u32(2000), handle),
    encode(PACKET.rename, u32(2001), '/row', '/moved'),
    encode(PACKET.stat, u32(2002), '/moved'),
  ])
  const ids = [...Array.from({ length: 50 }, (_, at) => 1000 + at), 2000, 2001, 2002]
  expect(answers.map((packet) => packet.readUInt32BE(1))).toEqual(ids)
  expect(answers.slice(0, -1).every((packet) => packet.readUInt32BE(5) === STATUS.ok)).toBe(true)
  expect(answers.at(-1)?.[0]).toBe(PACKET.attrs)
  expect(readFileSync(join(stage.root, 'moved'), 'utf8')).toBe('text  49')
})

test('names that are no UTF-8 come back as they are', async () => {
  await using stage = createStage(ALL)
  const name = Buffer.from([0x2f, 0x66, 0xff, 0xfe, 0x80])
  expect((await openFlagsOf(stage, name)).type).toBe(PACKET.handle)
  const directory = handleOf(await stage.ask(PACKET.opendir, '/'))
  const { body } = await stage.ask(PACKET.readdir, directory)
  expect(body.includes(name.subarray(1))).toBe(true)
  expect((await stage.ask(PACKET.stat, name)).type).toBe(PACKET.attrs)

  function openFlagsOf(on: Stage, path: Buffer) {
    return on.ask(PACKET.open, path, u32(OPEN.write | OPEN.create), NO_ATTRIBUTES)
  }
})

test('what is no SFTP ends the session, and nothing else', async () => {
  const hostile = [
    Buffer.from([0, 0, 0, 0]),
    Buffer.from([0xff, 0xff, 0xff, 0xff]),
    encode(PACKET.read, u32(1), Buffer.alloc(3)),
    Buffer.concat([Buffer.from([0, 0, 0, 9, PACKET.open, 0, 0, 0, 1]), Buffer.from([0x7f, 0xff, 0xff, 0xff])]),
    encode(PACKET.setstat, u32(1), '/file', u32(0x80000000), u32(0xffffffff)),
    encode(PACKET.extended, u32(1), 'users-groups-by-id@openssh.com', Buffer.alloc(3), Buffer.alloc(4)),
  ]
  for (const bytes of hostile) {
    await using stage = createStage(ALL)
    await stage.ask(PACKET.realpath, '/')
    stage.stream.write(bytes)
    await stage.session.ended
    expect(stage.faults).toEqual([])
  }
})

test('random packets break nothing', async () => {
  const seed = Number(process.env['HATCHERY_FUZZ_SEED'] ?? 7)
  const rounds = Number(process.env['HATCHERY_FUZZ_ROUNDS'] ?? 60)
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const paths = ['/', '/file', '/folder', '/link', '/../..', '//x//', '', '/folder/../file', 'a'.repeat(5000), '\0']
  const field = (): Field => {
    switch (random(5)) {
      case 0:
        return u32(random(2) ? random(64) : random(2 ** 32))
      case 1:
        return u64(random(2) ? random(1000) : random(2 ** 31) * 2 ** 22)
      case 2:
        return Buffer.from([0, 0, 0, 0, 0, random(4)])
      default:
        return paths[random(paths.length)]!
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    await using stage = createStage(random(3) ? ALL : [])
    for (let count = 0; count < 60; count += 1) {
      const type = random(8) ? 3 + random(18) : random(256)
      const packet = encode(type, u32(count), ...Array.from({ length: random(6) }, field))
      if (!random(30)) packet.writeUInt8(random(256), random(packet.length))
      stage.stream.write(packet)
    }
    stage.stream.end()
    await stage.session.ended
    expect(stage.faults, `seed ${seed}, round ${round}`).toEqual([])
  }
}, 60_000)
