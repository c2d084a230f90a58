import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { loadSsh2, type Attributes, type Client, type SFTPWrapper } from '../../packages/daemon/src/ssh/load-ssh2.ts'
import { SshStage } from '../../packages/daemon/src/testing/ssh-stage.ts'
import { ATTEMPTS } from './attempts.ts'
import type { Subject } from './subject.ts'

const MAX_BYTES = 100_000
const INSIDE = Buffer.from('inside')

const OVER_SFTP: readonly string[] = [
  'read',
  'read above',
  'read open',
  'checksum',
  'stat',
  'list',
  'write',
  'write over',
  'write in place',
  'create open',
  'truncate',
  'make directory',
  'make link',
  'remove',
  'chmod',
  'set times',
  'move in',
  'replace in',
  'copy in',
  'move out',
  'copy out',
  'hard link',
  'hard link in',
]

/** Attempts at what no request of SFTP does. */
export const NOT_OVER_SFTP: readonly string[] = Object.keys(ATTEMPTS).filter((name) => !OVER_SFTP.includes(name))

export interface SftpConnection extends AsyncDisposable {
  readonly sftp: SFTPWrapper
}

/** A session of another program's client. */
export async function connectSftp(stage: SshStage): Promise<SftpConnection> {
  const { Client } = await loadSsh2()
  const client: Client = new Client()
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve).once('error', reject)
    client.connect({
      host: '127.0.0.1',
      port: stage.ssh.port,
      username: stage.username,
      privateKey: readFileSync(stage.keyFile),
    })
  })
  const sftp = await promisify(client.sftp.bind(client))()
  return {
    sftp,
    async [Symbol.asyncDispose]() {
      client.end()
      await stage[Symbol.asyncDispose]()
    },
  }
}

/** A server's files as an SFTP client reaches them: requests of the protocol, and nothing that a client would check itself. */
export function overSftp(sftp: SFTPWrapper): Subject {
  const unsupported = () => Promise.reject(new Error('no request does this'))
  const open = (path: string, flags: string) =>
    new Promise<Buffer>((resolve, reject) =>
      sftp.open(`/${path}`, flags, (error, handle) => (error ? reject(error) : resolve(handle))),
    )
  const done = (work: (callback: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => work((error) => (error ? reject(error) : resolve())))
  const read = (handle: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      const into = Buffer.alloc(MAX_BYTES)
      sftp.read(handle, into, 0, MAX_BYTES, 0, (error, length) =>
        error ? reject(error) : resolve(into.subarray(0, length)),
      )
    })
  async function using<T>(path: string, flags: string, work: (handle: Buffer) => Promise<T>): Promise<T> {
    const handle = await open(path, flags)
    try {
      return await work(handle)
    } finally {
      await done((callback) => sftp.close(handle, callback))
    }
  }
  const readAll = (path: string) => using(path, 'r', read)
  const put = (path: string, flags: string, content: Uint8Array) =>
    using(path, flags, (handle) =>
      done((callback) => sftp.write(handle, Buffer.from(content), 0, content.length, 0, callback)),
    )
  const stat = (path: string) =>
    new Promise<Attributes & { readonly isFile: () => boolean }>((resolve, reject) =>
      sftp.stat(`/${path}`, (error, found) => (error ? reject(error) : resolve(found))),
    )
  const copyData = (from: Buffer, to: Buffer) =>
    done((callback) => (sftp as unknown as CopiesData).ext_copy_data(from, 0, 0, to, 0, callback))
  return {
    read: readAll,
    readOpen: readAll,
    write: (path, content) => put(path, 'w', content),
    writePieces: unsupported,
    patch: (path) => put(path, 'r+', Buffer.from('I')),
    create: (path) => put(path, 'wx', Buffer.from('I')),
    truncate: (path) => put(path, 'w', INSIDE),
    async facts(path) {
      const found = await stat(path)
      return {
        type: found.isFile() ? 'file' : 'other',
        sizeBytes: found.size,
        modifiedAt: found.mtime * 1000,
      }
    },
    names: (path) =>
      new Promise((resolve, reject) =>
        sftp.readdir(`/${path}`, (error, list) => (error ? reject(error) : resolve(list.map((one) => one.filename)))),
      ),
    sizes: unsupported,
    search: unsupported,
    makeDirectory: (path) => done((callback) => sftp.mkdir(`/${path}`, callback)),
    makeDirectories: unsupported,
    move: (from, to) => done((callback) => sftp.rename(`/${from}`, `/${to}`, callback)),
    replace: (from, to) => done((callback) => sftp.ext_openssh_rename(`/${from}`, `/${to}`, callback)),
    copy: (from, to) => using(from, 'r', (source) => using(to, 'wx', (goal) => copyData(source, goal))),
    async remove(path) {
      try {
        await done((callback) => sftp.unlink(`/${path}`, callback))
      } catch {
        // A directory is removed by another request.
        await done((callback) => sftp.rmdir(`/${path}`, callback))
      }
    },
    chmod: (path, mode) => done((callback) => sftp.chmod(`/${path}`, mode, callback)),
    chmodAll: unsupported,
    setTimes: (path, at) => done((callback) => sftp.utimes(`/${path}`, at / 1000, at / 1000, callback)),
    // OpenSSH takes the two in the other order than the draft, as does our server; this client goes by the draft.
    makeLink: (path) => done((callback) => sftp.symlink(`/${path}`, 'anything', callback)),
    hardLink: (existing, path) => done((callback) => sftp.ext_openssh_hardlink(`/${existing}`, `/${path}`, callback)),
    checksum: async (path) =>
      createHash('sha256')
        .update(await readAll(path))
        .digest('hex'),
    pack: unsupported,
    packStream: unsupported,
    unpack: unsupported,
    unpackStream: unsupported,
    keptContent: unsupported,
    archiveNames: unsupported,
    archiveRead: unsupported,
    trash: unsupported,
    restore: unsupported,
    forget: unsupported,
    upload: unsupported,
  }
}

/** The types of the library do not name it. */
interface CopiesData {
  ext_copy_data(
    from: Buffer,
    fromOffset: number,
    length: number,
    to: Buffer,
    toOffset: number,
    callback: (error?: Error | null) => void,
  ): void
}
