import type { FileHandle } from 'node:fs/promises'
import type { FileTree, OpenFile, OpenMember, ServerId, WorkOptions } from '@hatchery/core/runtime'
import { guarded } from '../file-errors.ts'
import { readAt } from '../open-file.ts'
import type { FileCall, OpenedFile } from './file-calls.ts'
import { readStream } from './read-stream.ts'

/** How a tree reaches its process. */
export interface FileCaller {
  /** @returns the value, or the bytes where the call gives bytes */
  call(
    call: FileCall,
    args: readonly unknown[],
    options: {
      readonly patterns: readonly string[]
      readonly bytes?: Uint8Array
      readonly source?: AsyncIterable<Uint8Array>
    } & WorkOptions,
  ): Promise<unknown>
  /** What the process has open, to be read without it; null where that is not to be had. */
  reopen(descriptor: number): Promise<FileHandle | null>
  /** Ends the process, if there is one. */
  close(): Promise<void>
}

/** A file tree whose work is done by another process; see `FilesProcess`. */
export function createProcessFileTree(
  server: ServerId,
  caller: FileCaller,
  patterns: readonly string[] = [],
): FileTree {
  // The process answers with what the methods of its own tree give, so the values have their types.
  const call = <T>(
    name: FileCall,
    args: readonly unknown[],
    options: Omit<Parameters<FileCaller['call']>[2], 'patterns'> = {},
  ) => caller.call(name, args, { ...options, patterns }) as Promise<T>
  return {
    server,
    protecting: (more) => createProcessFileTree(server, caller, more),

    list: (path, options = {}) => call('list', [path, options]),
    stat: (path, options = {}) => call('stat', [path, options]),
    read: (path, options = {}) => call('read', [path, options]),
    write: (path, content, options = {}) => call('write', [path, options], { bytes: content }),
    writeFrom: (path, source, options = {}) => call('writeFrom', [path, options], { source }),
    async open(path, options = {}) {
      const { id, descriptor } = await call<OpenedFile>('open', [path, options])
      const direct = options.canWrite || descriptor === null ? null : await caller.reopen(descriptor)
      return openFileOf(call, path, id, direct)
    },
    makeDirectory: (path, options = {}) => call('makeDirectory', [path, options]),
    move: (from, to, options = {}) => call('move', [from, to, options]),
    copy: (from, to, options = {}) => call('copy', [from, to], options),
    remove: (path, { isRecursive = true, ...options } = {}) => call('remove', [path, { isRecursive }], options),
    chmod: (path, { onProgress, signal, ...options }) =>
      call('chmod', [path, options], { signal, ...(onProgress && { onProgress }) }),
    setTimes: (path, times) => call('setTimes', [path, times]),
    makeLink: (path, target) => call('makeLink', [path, target]),
    hardLink: (existing, path) => call('hardLink', [existing, path]),
    checksum: (path, algorithm, options = {}) => call('checksum', [path, algorithm], options),
    diskUse: (path, options = {}) => call('diskUse', [path], options),

    search: (path, { onProgress, signal, ...options }) =>
      call('search', [path, options], { signal, ...(onProgress && { onProgress }) }),
    tidy: (before) => call('tidy', [before]),
    pack: ({ onProgress, signal, ...options }) =>
      call('pack', [options], { signal, ...(onProgress && { onProgress }) }),
    packStream: ({ onProgress: _untold, signal, ...options }) => readStream(call, 'stream.pack', [options], signal),
    unpackFrom: (source, { onProgress, signal, ...options }) =>
      call('unpackFrom', [options], { source, signal, ...(onProgress && { onProgress }) }),
    watch: (path, { signal } = {}) => readStream(call, 'stream.watch', [path], signal),
    unpack: (path, { onProgress, signal, ...options }) =>
      call('unpack', [path, options], { signal, ...(onProgress && { onProgress }) }),

    archives: {
      list: (path, { signal, ...options } = {}) => call('archives.list', [path, options], { signal }),
      open: async (path, member) => openMemberOf(call, await call<number>('archives.open', [path, member])),
    },
    trash: {
      put: (path, item) => call('trash.put', [path, item]),
      list: () => call('trash.list', []),
      restore: (id, path) => call('trash.restore', [id, path]),
      remove: (id, options = {}) => call('trash.remove', [id], options),
    },
    history: {
      keep: (path, options) => call('history.keep', [path, options]),
      list: (path) => call('history.list', [path]),
      listLost: () => call('history.listLost', []),
      find: (id) => call('history.find', [id]),
      read: (id) => call('history.read', [id]),
      move: (from, to) => call('history.move', [from, to]),
      forget: (path) => call('history.forget', [path]),
      prune: (limits) => call('history.prune', [limits]),
    },
    uploads: {
      begin: (upload, options) => call('uploads.begin', [upload, options]),
      find: (id) => call('uploads.find', [id]),
      list: () => call('uploads.list', []),
      append: (id, offset, source) => call('uploads.append', [id, offset], { source }),
      finish: (id) => call('uploads.finish', [id]),
      cancel: (id) => call('uploads.cancel', [id]),
    },
    [Symbol.asyncDispose]: () => caller.close(),
  }
}

type Call = <T>(name: FileCall, args: readonly unknown[], options?: { readonly bytes?: Uint8Array }) => Promise<T>

function openFileOf(call: Call, path: string, id: number, direct: FileHandle | null): OpenFile {
  return {
    stat: () => call('handle.stat', [id]),
    read: (offset, length) =>
      direct ? guarded(path, () => readAt(direct, offset, length)) : call('handle.read', [id, offset, length]),
    write: (offset, bytes) => call('handle.write', [id, offset], { bytes }),
    truncate: (sizeBytes) => call('handle.truncate', [id, sizeBytes]),
    chmod: (mode) => call('handle.chmod', [id, mode]),
    setTimes: (times) => call('handle.setTimes', [id, times]),
    sync: () => call('handle.sync', [id]),
    async [Symbol.asyncDispose]() {
      await direct?.close()
      await call('handle.close', [id])
    },
  }
}

function openMemberOf(call: Call, id: number): OpenMember {
  return {
    stat: () => call('member.stat', [id]),
    read: (offset, length) => call('member.read', [id, offset, length]),
    [Symbol.asyncDispose]: () => call('member.close', [id]),
  }
}
