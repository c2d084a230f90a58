import type { Duplex } from 'node:stream'
import { AppError } from '@hatchery/core/errors'
import { bytesFromName, nameFromLatin1, type FileEntry } from '@hatchery/core/runtime'
import { may, need, treePath, type SftpContext } from '../../sftp/sftp-context.ts'
import type { ScpCommand } from './parse-scp.ts'
import { ScpError, ScpStream } from './scp-stream.ts'

export interface ScpOptions extends Omit<SftpContext, 'handles' | 'ownerName' | 'now'> {
  readonly congestion?: () => Promise<void> | null
  readonly signal: AbortSignal
  readonly onFault: (error: unknown) => void
}

const PIECE_BYTES = 256 * 1024
const MAX_DEPTH = 256
const LIST_NAMES = 5_000
const UMASK = 0o022
const AGREED = '\0'

/** The old scp protocol, which clients speak with `-O` and old ones always. @returns the exit code */
export async function serveScp(command: ScpCommand, channel: Duplex, options: ScpOptions): Promise<number> {
  const stream = new ScpStream(channel, options.congestion)
  const session = new ScpSession(command, stream, options)
  try {
    if (command.direction === 'take') await session.take(command.paths[0]!)
    else await session.send(command.paths)
    return session.hasFailed ? 1 : 0
  } catch (error) {
    if (error instanceof ScpError || options.signal.aborted) return 1
    const isKnown = error instanceof AppError && error.code !== 'INTERNAL'
    if (!isKnown) options.onFault(error)
    // Fatal: the client gives up.
    await stream.send(`\u0002scp: ${isKnown ? words(error) : 'this failed on the node'}\n`).catch(() => undefined) // it is gone
    return 1
  }
}

class ScpSession {
  readonly #command: ScpCommand
  readonly #stream: ScpStream
  readonly #options: ScpOptions
  hasFailed = false

  constructor(command: ScpCommand, stream: ScpStream, options: ScpOptions) {
    this.#command = command
    this.#stream = stream
    this.#options = options
  }

  async take(given: string): Promise<void> {
    const path = treePath(given)
    const { tree } = await this.#options.files.toWrite()
    const target = path === '' ? { type: 'directory' } : await tree.stat(path, { followLinks: true })
    const isDirectory = target?.type === 'directory'
    if (this.#command.needsDirectory && !isDirectory) throw new AppError('FILE_NOT_FOUND', { path })
    await this.#stream.send(AGREED)
    await this.#takeInto(path, isDirectory, 0)
  }

  async #takeInto(path: string, isDirectory: boolean, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw new AppError('PATH_INVALID', { path: path.slice(0, 200) })
    let times: { accessedAt: number; modifiedAt: number } | null = null
    for (;;) {
      const line = await this.#stream.line()
      if (line === null || line === 'E') {
        if (line === 'E') await this.#stream.send(AGREED)
        return
      }
      const stamp = /^T(\d{1,12}) \d+ (\d{1,12}) \d+$/.exec(line)
      const head = /^([CD])([0-7]{4,5}) (\d{1,16}) (.+)$/.exec(line)
      if (stamp) {
        times = { modifiedAt: Number(stamp[1]) * 1000, accessedAt: Number(stamp[2]) * 1000 }
        await this.#stream.send(AGREED)
        continue
      }
      // A warning of the other side.
      if (line.startsWith('\u0001')) continue
      if (!head) throw new ScpError('Nothing of the scp protocol.')
      const [, type, mode = '', size = '', latin1 = ''] = head
      const name = nameFromLatin1(latin1)
      if (name === '.' || name === '..' || name.includes('/'))
        throw new AppError('PATH_INVALID', { path: name.slice(0, 200) })
      const goal = isDirectory ? (path === '' ? name : `${path}/${name}`) : path
      const wanted = { mode: Number.parseInt(mode, 8), times: this.#command.keepsTimes ? times : null }
      times = null
      if (type === 'C') await this.#takeFile(goal, Number(size), wanted)
      else if (this.#command.isRecursive) await this.#takeDirectory(goal, wanted, depth)
      else throw new AppError('PATH_INVALID', { path: goal.slice(0, 200) })
    }
  }

  async #takeFile(path: string, size: number, wanted: Wanted): Promise<void> {
    const { files, onDone, onSaved } = this.#options
    const { tree, quota } = await files.toWrite()
    let file
    try {
      const before = await tree.stat(path, { followLinks: true })
      need(this.#options, before ? 'write' : 'create')
      await quota.require(0)
      file = await tree.open(path, { canWrite: true, create: before ? 'never' : 'must-be-new', truncates: true })
      if (before) quota.forget()
      else await file.chmod(wanted.mode & 0o777 & ~UMASK)
    } catch (error) {
      return this.#warn(path, error)
    }
    await using opened = file
    await this.#stream.send(AGREED)
    let [offset, failure] = [0, null as unknown]
    for await (const piece of this.#stream.bytes(size)) {
      if (failure) continue
      try {
        await (await files.toWrite()).quota.take(piece.length)
        await opened.write(offset, piece)
        offset += piece.length
      } catch (error) {
        // The rest comes all the same and has to be read before anything can be said.
        failure = error
      }
    }
    await this.#stream.agreed()
    if (!failure && wanted.times) await opened.setTimes(wanted.times)
    onDone('write', path)
    onSaved(path)
    if (failure) return this.#warn(path, failure)
    await this.#stream.send(AGREED)
  }

  async #takeDirectory(path: string, { mode, times }: Wanted, depth: number): Promise<void> {
    const { files, onDone } = this.#options
    const { tree, quota } = await files.toWrite()
    const before = await tree.stat(path, { followLinks: true })
    if (!before) {
      need(this.#options, 'create')
      await quota.require(0)
      await tree.makeDirectory(path)
      onDone('create', path)
    }
    await this.#stream.send(AGREED)
    await this.#takeInto(path, true, depth + 1)
    if (!before) await tree.chmod(path, { mode: (mode & 0o777 & ~UMASK) | 0o700 })
    if (times && may(this.#options, before ? 'setstat' : 'create')) await tree.setTimes(path, times)
  }

  async send(paths: readonly string[]): Promise<void> {
    await this.#stream.agreed()
    for (const given of paths) {
      const path = treePath(given)
      try {
        need(this.#options, 'stat')
        const { tree } = await this.#options.files.toRead()
        const entry = await tree.stat(path, { followLinks: true })
        if (!entry) throw new AppError('FILE_NOT_FOUND', { path })
        await this.#sendEntry(path, entry, 0)
      } catch (error) {
        await this.#warn(path, error)
      }
    }
  }

  async #sendEntry(path: string, entry: FileEntry, depth: number): Promise<void> {
    if (entry.type === 'file') return this.#sendFile(path, entry)
    if (entry.type !== 'directory' || !this.#command.isRecursive || depth > MAX_DEPTH) {
      throw new AppError('PATH_INVALID', { path: path.slice(0, 200) })
    }
    return this.#sendDirectory(path, entry, depth)
  }

  async #sendFile(path: string, entry: FileEntry): Promise<void> {
    need(this.#options, 'read')
    const { tree } = await this.#options.files.toRead()
    await using file = await tree.open(path)
    const { sizeBytes, mode } = await file.stat()
    await this.#sendTimes(entry)
    await this.#sendHead('C', mode, sizeBytes, path)
    this.#options.onDone('read', path)
    for (let offset = 0; offset < sizeBytes;) {
      const wanted = Math.min(PIECE_BYTES, sizeBytes - offset)
      const bytes = await file.read(offset, wanted)
      // It got shorter: what was promised has to come.
      await this.#stream.send(bytes.length > 0 ? bytes : Buffer.alloc(wanted))
      offset += bytes.length || wanted
    }
    await this.#stream.send(AGREED)
    await this.#stream.agreed()
  }

  async #sendDirectory(path: string, entry: FileEntry, depth: number): Promise<void> {
    need(this.#options, 'list')
    await this.#sendTimes(entry)
    await this.#sendHead('D', entry.mode, 0, path)
    for (let offset = 0; ; offset += LIST_NAMES) {
      const { tree } = await this.#options.files.toRead()
      const { entries, total } = await tree.list(path, { offset, limit: LIST_NAMES })
      for (const child of entries) {
        const childPath = path === '' ? child.name : `${path}/${child.name}`
        try {
          const followed = child.type === 'symlink' ? await tree.stat(childPath, { followLinks: true }) : child
          if (!followed) throw new AppError('FILE_NOT_FOUND', { path: childPath })
          await this.#sendEntry(childPath, followed, depth + 1)
        } catch (error) {
          await this.#warn(childPath, error)
        }
      }
      if (offset + LIST_NAMES >= total) break
    }
    await this.#stream.send('E\n')
    await this.#stream.agreed()
  }

  async #sendTimes({ modifiedAt }: FileEntry): Promise<void> {
    if (!this.#command.keepsTimes) return
    const seconds = Math.floor(modifiedAt / 1000)
    await this.#stream.send(`T${seconds} 0 ${seconds} 0\n`)
    await this.#stream.agreed()
  }

  async #sendHead(type: 'C' | 'D', mode: number, size: number, path: string): Promise<void> {
    const name = bytesFromName(path.split('/').at(-1) || '.').toString('latin1')
    if (name.includes('\n')) throw new AppError('PATH_INVALID', { path: path.slice(0, 200) })
    await this.#stream.send(`${type}0${(mode & 0o777).toString(8).padStart(3, '0')} ${size} ${name}\n`)
    await this.#stream.agreed()
  }

  /** This one could not be done; the client goes on with the next. */
  async #warn(path: string, error: unknown): Promise<void> {
    if (error instanceof ScpError || !(error instanceof AppError) || error.code === 'INTERNAL') throw error
    this.hasFailed = true
    await this.#stream.send(`\u0001scp: ${bytesFromName(path).toString('latin1')}: ${words(error)}\n`)
  }
}

interface Wanted {
  readonly mode: number
  readonly times: { readonly accessedAt: number; readonly modifiedAt: number } | null
}

function words({ message }: AppError): string {
  return Buffer.from(message.replaceAll(/[\r\n]/g, ' ').toWellFormed()).toString('latin1')
}
