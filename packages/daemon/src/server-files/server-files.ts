import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@hatchery/core/errors'
import type { FileTree, ServerId, TrashedFile, UploadState } from '@hatchery/core/runtime'
import { giveUpHistory, limitsFor } from '../history/index.ts'
import type { ServerContext } from '../servers/server-context.ts'
import type { ServerRecord } from '../state/server-store.ts'
import { DiskQuota } from './disk-quota.ts'

/** What was deleted is kept this long, if the space is not needed before. */
export const TRASH_LIFETIME_MS = 7 * 24 * 60 * 60_000
/** An upload that nobody goes on with is kept this long. */
export const UPLOAD_LIFETIME_MS = 24 * 60 * 60_000

/** The files of one server as people reach them, through whichever door. */
export interface OpenServer {
  readonly server: ServerId
  readonly tree: FileTree
  readonly quota: DiskQuota
  readonly now: () => number
}

/** The one way from a person to a server's files: what the egg protects is protected, and what is written is counted. */
export class ServerFiles {
  readonly #ctx: ServerContext
  readonly #quotas = new Map<ServerId, DiskQuota>()

  constructor(ctx: ServerContext) {
    this.#ctx = ctx
  }

  /** @throws AppError `SERVER_NOT_FOUND`, `SERVER_NOT_INSTALLED` (there is no volume yet) */
  async toRead(server: ServerId): Promise<OpenServer> {
    return this.#open(this.#recordOf(server))
  }

  /** @throws AppError as {@link toRead}, and `SERVER_BUSY`, `INSTALLATION_MISMATCH` while nobody may write */
  async toWrite(server: ServerId): Promise<OpenServer> {
    const record = this.#recordOf(server)
    // Who may not start a server does not hold it, and writes nothing into it either (RULES 3).
    if (!this.#ctx.mayStart) throw new AppError('INSTALLATION_MISMATCH')
    if (record.lifecycle.isDeleted) throw new AppError('SERVER_BUSY', { id: server, state: 'deleting' })
    if (record.lifecycle.installing !== null) throw new AppError('SERVER_BUSY', { id: server, state: 'installing' })
    return this.#open(record)
  }

  /** Throws away what has expired, of every server. */
  async expire(): Promise<void> {
    const now = this.#ctx.now()
    for (const record of this.#ctx.state.servers.list()) {
      try {
        // Of most servers there is nothing, and none of them needs a process to say so.
        const volume = await this.#ctx.volumes.find(record.id)
        if (!volume || !(await hasPrivateFiles(volume.privateDirectory))) continue
        const tree = this.#ctx.files(volume, record)
        await tree.tidy(now - UPLOAD_LIFETIME_MS)
        const diskMiB = record.spec?.limits.diskMiB ?? 0
        await tree.history.prune(limitsFor(now, diskMiB === 0 ? null : diskMiB * 1024 * 1024))
        for (const item of await tree.trash.list()) if (trashExpiry(item) <= now) await tree.trash.remove(item.id)
        for (const upload of await tree.uploads.list()) {
          if (uploadExpiry(upload) <= now) await tree.uploads.cancel(upload.id)
        }
      } catch (error) {
        this.#ctx.log.warn({ server: record.id, err: error }, 'expired files could not be removed')
      }
    }
  }

  async #open(record: ServerRecord): Promise<OpenServer> {
    const tree = await this.#treeOf(record)
    if (!tree) throw new AppError('SERVER_NOT_INSTALLED', { id: record.id })
    const denylist = record.spec?.fileDenylist ?? []
    return {
      server: record.id,
      tree: denylist.length === 0 ? tree : tree.protecting(denylist),
      quota: this.#quotaOf(record.id),
      now: this.#ctx.now,
    }
  }

  #recordOf(server: ServerId): ServerRecord {
    const record = this.#ctx.state.servers.find(server)
    if (!record) throw new AppError('SERVER_NOT_FOUND', { id: server })
    return record
  }

  async #treeOf({ id, uid, gid }: ServerRecord): Promise<FileTree | null> {
    const volume = await this.#ctx.volumes.find(id)
    return volume && this.#ctx.files(volume, { uid, gid })
  }

  #quotaOf(server: ServerId): DiskQuota {
    let quota = this.#quotas.get(server)
    if (quota) return quota
    const { volumes, now, state } = this.#ctx
    quota = new DiskQuota({
      server,
      volumes,
      now,
      limitMiB: () => state.servers.find(server)?.spec?.limits.diskMiB ?? 0,
      free: () => this.#freeOldest(server),
    })
    this.#quotas.set(server, quota)
    return quota
  }

  /** Space that is needed is worth more than what was thrown away. */
  async #freeOldest(server: ServerId): Promise<boolean> {
    const tree = await this.#treeOf(this.#recordOf(server))
    const oldest = (await tree?.trash.list())?.at(-1)
    if (!tree) return false
    if (!oldest) return giveUpHistory({ tree, now: this.#ctx.now })
    await tree.trash.remove(oldest.id)
    return true
  }
}

async function hasPrivateFiles(directory: string): Promise<boolean> {
  const none = (error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  }
  for (const area of await readdir(directory).catch(none)) {
    if ((await readdir(join(directory, area)).catch(none)).length > 0) return true
  }
  return false
}

export function trashExpiry({ deletedAt }: Pick<TrashedFile, 'deletedAt'>): number {
  return deletedAt + TRASH_LIFETIME_MS
}

export function uploadExpiry({ touchedAt }: Pick<UploadState, 'touchedAt'>): number {
  return touchedAt + UPLOAD_LIFETIME_MS
}
