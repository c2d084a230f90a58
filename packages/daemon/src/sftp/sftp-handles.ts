import type { FileEntry, OpenFile } from '@hatchery/core/runtime'
import { HandleOrder } from './handle-order.ts'
import type { ReadAhead } from './read-ahead.ts'
import { STATUS } from './sftp-protocol.ts'
import { SftpRefusal } from './status-of.ts'

/** Files and directories that one session may have open at once. */
export const MAX_HANDLES = 1024

export interface FileHandle {
  readonly type: 'file'
  readonly path: string
  readonly file: OpenFile
  readonly order: HandleOrder
  readonly canRead: boolean
  readonly canWrite: boolean
  readonly appends: boolean
  /** The beginning, read before anybody has asked. */
  ahead: ReadAhead | null
  /** Writing below this changes what is on the disk already and takes no more room. */
  denseBytes: number
  hasWritten: boolean
}

export interface DirectoryHandle {
  readonly type: 'directory'
  readonly path: string
  readonly order: HandleOrder
  /** Read and not sent yet. */
  entries: FileEntry[]
  /** Names read from the directory so far. */
  offset: number
  isWhole: boolean
}

export type SftpHandle = FileHandle | DirectoryHandle

/** What one session has open. Handles are of that session alone: another one's numbers mean nothing here. */
export class SftpHandles {
  readonly #open = new Map<number, SftpHandle>()
  #next = 1

  get size(): number {
    return this.#open.size
  }

  /** @throws SftpRefusal when too many are open */
  requireRoom(): void {
    if (this.#open.size < MAX_HANDLES) return
    throw new SftpRefusal(STATUS.failure, `More than ${MAX_HANDLES} files are open. Close some of them first.`)
  }

  add(handle: SftpHandle): Buffer {
    const id = this.#next++
    this.#open.set(id, handle)
    const name = Buffer.alloc(6)
    name.writeUIntBE(id, 0, 6)
    return name
  }

  /** @throws SftpRefusal */
  get(name: Buffer): SftpHandle {
    const handle = name.length === 6 ? this.#open.get(name.readUIntBE(0, 6)) : undefined
    if (!handle) throw new SftpRefusal(STATUS.failure, 'This handle is not open.')
    return handle
  }

  /** @throws SftpRefusal */
  file(name: Buffer): FileHandle {
    const handle = this.get(name)
    if (handle.type !== 'file') throw new SftpRefusal(STATUS.failure, 'This handle is a directory.')
    return handle
  }

  /** @throws SftpRefusal */
  directory(name: Buffer): DirectoryHandle {
    const handle = this.get(name)
    if (handle.type !== 'directory') throw new SftpRefusal(STATUS.failure, 'This handle is no directory.')
    return handle
  }

  /** Lets go of a handle; what is open behind it is the caller's to close. */
  take(name: Buffer): SftpHandle {
    const handle = this.get(name)
    this.#open.delete(name.readUIntBE(0, 6))
    return handle
  }

  /** Something was written: what was read before counts no more. */
  forgetAhead(): void {
    for (const handle of this.#open.values()) if (handle.type === 'file') handle.ahead = null
  }

  takeAll(): SftpHandle[] {
    const all = [...this.#open.values()]
    this.#open.clear()
    return all
  }
}
