import { HatcheryError, type Client } from '@hatchery/core/sdk'
import { shallowReactive, shallowRef } from 'vue'
import type { DirectPath } from '../direct/create-direct-path.ts'
import { directoryOf, joinPath, nameOf } from '../file-path.ts'

export type UploadStatus = 'waiting' | 'sending' | 'paused' | 'conflict' | 'done' | 'failed'
/** What happens with a file whose name is taken. */
export type ConflictAnswer = 'replace' | 'keep-both' | 'skip'

export interface UploadItem {
  readonly id: number
  readonly server: string
  path: string
  readonly file: Blob
  status: UploadStatus
  /** Bytes that the node has. */
  offset: number
  error: unknown
}

type Upload = Awaited<ReturnType<Client['beginUpload']>>

interface Job {
  readonly item: UploadItem
  upload: string | undefined
  /** It is being begun: a pause meanwhile must not leave it behind on the node. */
  beginning: Promise<Upload> | undefined
  replace: boolean
  abort: AbortController | undefined
}

export interface UploadQueueOptions {
  /** A file is in its place. */
  readonly onDone?: (item: UploadItem) => void
  /** The way to nodes themselves, for files larger than a piece. @default through the panel */
  readonly direct?: DirectPath
  /** @default 4 MiB */
  readonly pieceBytes?: number
  /** Files that are sent at the same time. @default 2 */
  readonly atOnce?: number
}

/** Sends files in pieces, a few at a time. A file that was paused or broken off goes on where the node has it. */
export function createUploadQueue(client: Client, options: UploadQueueOptions = {}) {
  const { onDone, direct, pieceBytes = 4 * 1_048_576, atOnce = 2 } = options
  const items = shallowRef<readonly UploadItem[]>([])
  const jobs = new Map<number, Job>()
  let lastId = 0

  function add(server: string, files: readonly { readonly path: string; readonly file: Blob }[]): void {
    const added = files.map(({ path, file }) => {
      const item: UploadItem = shallowReactive({
        id: ++lastId,
        server,
        path,
        file,
        status: 'waiting',
        offset: 0,
        error: undefined,
      })
      jobs.set(item.id, { item, upload: undefined, beginning: undefined, replace: false, abort: undefined })
      return item
    })
    items.value = [...items.value, ...added]
    work()
  }

  function work(): void {
    const sending = items.value.filter(({ status }) => status === 'sending').length
    const next = items.value.filter(({ status }) => status === 'waiting').slice(0, Math.max(0, atOnce - sending))
    for (const { id } of next) {
      const job = jobs.get(id)
      if (job) void run(job)
    }
  }

  async function run(job: Job): Promise<void> {
    const { item } = job
    const abort = (job.abort = new AbortController())
    item.status = 'sending'
    item.error = undefined
    try {
      await send(job, abort.signal)
      item.status = 'done'
      onDone?.(item)
    } catch (error) {
      // A newer run, a pause or an end has said already what this one is.
      if (job.abort !== abort || abort.signal.aborted) return
      const isTaken = error instanceof HatcheryError && error.code === 'FILE_EXISTS'
      item.status = isTaken ? 'conflict' : 'failed'
      item.error = error
    } finally {
      work()
    }
  }

  async function send(job: Job, signal: AbortSignal): Promise<void> {
    const { item } = job
    const { server, file } = item
    const state = job.upload
      ? await client.getUpload({ params: { server, upload: job.upload }, signal })
      : await begin(job)
    signal.throwIfAborted()
    item.offset = state.offset
    const params = { server, upload: state.id }
    if (direct && file.size - item.offset > pieceBytes) {
      const begin = item.offset
      const rest = { ...params, offset: begin, body: file.slice(begin) }
      const isSent = await direct.upload(rest, (bytes) => (item.offset = begin + bytes), signal)
      item.offset = isSent ? file.size : (await client.getUpload({ params, signal })).offset
    }
    while (item.offset < file.size) {
      const { offset } = item
      const body = file.slice(offset, offset + pieceBytes)
      item.offset = (await client.appendUpload({ params, query: { offset }, body, signal })).offset
    }
    await client.finishUpload({ params, signal })
  }

  function begin(job: Job): Promise<Upload> {
    const { server, path, file, id } = job.item
    job.beginning ??= client
      .beginUpload({ params: { server }, body: { path, sizeBytes: file.size, replace: job.replace } })
      .then((upload) => {
        job.upload = upload.id
        if (!jobs.has(id)) throwAway(job)
        return upload
      })
      .finally(() => (job.beginning = undefined))
    return job.beginning
  }

  function throwAway(job: Job): void {
    job.abort?.abort()
    if (!job.upload || job.item.status === 'done') return
    // It expires by itself if this does not arrive.
    client.cancelUpload({ params: { server: job.item.server, upload: job.upload } }).catch(() => undefined)
    job.upload = undefined
  }

  function remove(id: number): void {
    const job = jobs.get(id)
    if (job) throwAway(job)
    jobs.delete(id)
    items.value = items.value.filter((item) => item.id !== id)
    work()
  }

  function set(id: number, from: readonly UploadStatus[], to: UploadStatus): void {
    const job = jobs.get(id)
    if (!job || !from.includes(job.item.status)) return
    if (to === 'paused') job.abort?.abort()
    job.item.status = to
    work()
  }

  return {
    items,
    add,
    remove,
    pause: (id: number): void => set(id, ['waiting', 'sending'], 'paused'),
    resume: (id: number): void => set(id, ['paused', 'failed'], 'waiting'),
    /** Says what becomes of files whose names are taken. */
    resolve(ids: readonly number[], answer: ConflictAnswer): void {
      for (const id of ids) {
        const job = jobs.get(id)
        if (job?.item.status !== 'conflict') continue
        if (answer === 'skip') {
          remove(id)
          continue
        }
        throwAway(job)
        job.replace = answer === 'replace'
        if (answer === 'keep-both') job.item.path = nextName(job.item.path)
        job.item.status = 'waiting'
      }
      work()
    },
    clearDone(): void {
      for (const { id } of items.value.filter(({ status }) => status === 'done')) jobs.delete(id)
      items.value = items.value.filter(({ status }) => status !== 'done')
    },
  }
}

/** `world.zip` → `world (1).zip` → `world (2).zip` */
export function nextName(path: string): string {
  const [, stem = '', count, end = ''] = /^(.+?)(?: \((\d+)\))?(\.[^.]*)?$/s.exec(nameOf(path)) ?? []
  return joinPath(directoryOf(path), `${stem} (${Number(count ?? 0) + 1})${end}`)
}
