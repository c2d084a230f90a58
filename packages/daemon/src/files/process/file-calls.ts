import { randomInt } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import { STREAM_CALLS, type OpenStreams } from './stream-calls.ts'
import type {
  ArchiveListOptions,
  FileProgress,
  FileTree,
  OpenFile,
  OpenMember,
  PackOptions,
  SearchOptions,
  UnpackOptions,
  UnpackStreamOptions,
  WorkOptions,
} from '@hatchery/core/runtime'

/** What a call comes with beside its arguments. */
export interface CallContext extends Required<Pick<WorkOptions, 'onProgress'>> {
  readonly signal: AbortSignal
  /** Bytes of the message itself. */
  readonly bytes: Uint8Array
  /** Bytes that come in further messages. */
  readonly source: AsyncIterable<Uint8Array>
  readonly handles: Map<number, OpenFile>
  readonly streams: OpenStreams
  /** Files of archives that are open. */
  readonly members: Map<number, OpenMember>
}

/** What a call gives: JSON, or bytes. */
export type CallResult = { readonly value?: unknown; readonly bytes?: Uint8Array }

type Call = (tree: FileTree, args: readonly never[], context: CallContext) => Promise<CallResult>

/** Calls that give one JSON value. */
const value =
  (call: (tree: FileTree, args: readonly never[], context: CallContext) => Promise<unknown>): Call =>
  async (tree, args, context) => ({ value: await call(tree, args, context) })

const work = ({ signal, onProgress }: CallContext) => ({ signal, onProgress })

function handleOf({ handles }: CallContext, id: number): OpenFile {
  const file = handles.get(id)
  if (!file) throw new AppError('FILES_UNAVAILABLE', { reason: 'the process that had the file open has ended' })
  return file
}

function memberOf({ members }: CallContext, id: number): OpenMember {
  const member = members.get(id)
  if (!member) throw new AppError('FILES_UNAVAILABLE', { reason: 'the process that had the archive open has ended' })
  return member
}

/** Everything that a file tree can be asked by message. The arguments are those of its methods, in their order. */
const FILE_CALLS = {
  list: value((tree, [path, options]) => tree.list(path!, options)),
  stat: value((tree, [path, options]) => tree.stat(path!, options)),
  read: async (tree, [path, options]) => ({ bytes: await tree.read(path!, options) }),
  write: value((tree, [path, options], { bytes }) => tree.write(path!, bytes, options)),
  writeFrom: value((tree, [path, options], { source }) => tree.writeFrom(path!, source, options)),
  makeDirectory: value((tree, [path, options]) => tree.makeDirectory(path!, options)),
  move: value((tree, [from, to, options]) => tree.move(from!, to!, options)),
  copy: value((tree, [from, to], context) => tree.copy(from!, to!, work(context))),
  remove: value((tree, [path, options], context) =>
    tree.remove(path!, { ...(options as unknown as object), ...work(context) }),
  ),
  chmod: value((tree, [path, options], context) =>
    tree.chmod(path!, { ...(options as unknown as { mode: number }), ...work(context) }),
  ),
  setTimes: value((tree, [path, times]) => tree.setTimes(path!, times!)),
  makeLink: value((tree, [path, target]) => tree.makeLink(path!, target!)),
  hardLink: value((tree, [existing, path]) => tree.hardLink(existing!, path!)),
  checksum: value((tree, [path, algorithm], context) => tree.checksum(path!, algorithm!, work(context))),
  diskUse: value((tree, [path], context) => tree.diskUse(path!, work(context))),

  search: value((tree, [path, options], context) =>
    tree.search(path!, { ...(options as unknown as SearchOptions), ...work(context) }),
  ),
  tidy: value((tree, [before]) => tree.tidy(before!)),
  pack: value((tree, [options], context) => tree.pack({ ...(options as unknown as PackOptions), ...work(context) })),
  unpack: value((tree, [path, options], context) =>
    tree.unpack(path!, { ...(options as unknown as UnpackOptions), ...work(context) }),
  ),

  open: value(async (tree, [path, options], { handles }) => {
    const file = await tree.open(path!, options)
    // Drawn, so that a file of a process that has died is none of its successor.
    const id = randomInt(2 ** 47)
    handles.set(id, file)
    return { id, descriptor: file.descriptor ?? null } satisfies OpenedFile
  }),
  'handle.stat': value((_tree, [id], context) => handleOf(context, id!).stat()),
  'handle.read': async (_tree, [id, offset, length], context) => ({
    bytes: await handleOf(context, id!).read(offset!, length!),
  }),
  'handle.write': value((_tree, [id, offset], context) => handleOf(context, id!).write(offset!, context.bytes)),
  'handle.truncate': value((_tree, [id, size], context) => handleOf(context, id!).truncate(size!)),
  'handle.chmod': value((_tree, [id, mode], context) => handleOf(context, id!).chmod(mode!)),
  'handle.setTimes': value((_tree, [id, times], context) => handleOf(context, id!).setTimes(times!)),
  'handle.sync': value((_tree, [id], context) => handleOf(context, id!).sync()),
  'handle.close': value(async (_tree, [id], context) => {
    const file = context.handles.get(id!)
    context.handles.delete(id!)
    await file?.[Symbol.asyncDispose]()
  }),

  'archives.list': value((tree, [path, options], { signal }) =>
    tree.archives.list(path!, { ...(options as unknown as ArchiveListOptions), signal }),
  ),
  'archives.open': value(async (tree, [path, member], { members }) => {
    const file = await tree.archives.open(path!, member!)
    const id = randomInt(2 ** 47)
    members.set(id, file)
    return id
  }),
  'member.stat': value((_tree, [id], context) => memberOf(context, id!).stat()),
  'member.read': async (_tree, [id, offset, length], context) => ({
    bytes: await memberOf(context, id!).read(offset!, length!),
  }),
  'member.close': value(async (_tree, [id], context) => {
    const member = context.members.get(id!)
    context.members.delete(id!)
    await member?.[Symbol.asyncDispose]()
  }),

  unpackFrom: value((tree, [options], context) =>
    tree.unpackFrom(context.source, { ...(options as unknown as UnpackStreamOptions), ...work(context) }),
  ),
  ...STREAM_CALLS,

  'trash.put': value((tree, [path, item]) => tree.trash.put(path!, item!)),
  'trash.list': value((tree) => tree.trash.list()),
  'trash.restore': value((tree, [id, path]) => tree.trash.restore(id!, path!)),
  'trash.remove': value((tree, [id], context) => tree.trash.remove(id!, work(context))),
  'history.keep': value((tree, [path, options]) => tree.history.keep(path!, options!)),
  'history.list': value((tree, [path]) => tree.history.list(path!)),
  'history.listLost': value((tree) => tree.history.listLost()),
  'history.find': value((tree, [id]) => tree.history.find(id!)),
  'history.read': async (tree, [id]) => ({ bytes: await tree.history.read(id!) }),
  'history.move': value((tree, [from, to]) => tree.history.move(from!, to!)),
  'history.forget': value((tree, [path]) => tree.history.forget(path!)),
  'history.prune': value((tree, [limits]) => tree.history.prune(limits!)),
  'uploads.begin': value((tree, [upload, options]) => tree.uploads.begin(upload!, options!)),
  'uploads.find': value((tree, [id]) => tree.uploads.find(id!)),
  'uploads.list': value((tree) => tree.uploads.list()),
  'uploads.append': value((tree, [id, offset], { source }) => tree.uploads.append(id!, offset!, source)),
  'uploads.finish': value((tree, [id]) => tree.uploads.finish(id!)),
  'uploads.cancel': value((tree, [id]) => tree.uploads.cancel(id!)),
} as const satisfies Record<string, Call>

/** What `open` answers. */
export interface OpenedFile {
  readonly id: number
  /** Of the process that has it open. */
  readonly descriptor: number | null
}

export type FileCall = keyof typeof FILE_CALLS

/** The same, for whoever has only a name. */
export const fileCalls: Readonly<Record<FileCall, Call>> = FILE_CALLS

/** Messages to the files process. */
export type Request =
  | {
      readonly type: 'call'
      readonly id: number
      readonly call: FileCall
      readonly args: readonly unknown[]
      /** What is protected in this call. */
      readonly patterns: readonly string[]
    }
  /** The next bytes of a source; none says that it has ended. */
  | { readonly type: 'piece'; readonly id: number }
  | { readonly type: 'source-failed'; readonly id: number }
  | { readonly type: 'cancel'; readonly id: number }

/** Messages of the files process. */
export type Answer =
  | { readonly type: 'result'; readonly id: number; readonly value?: unknown; readonly hasBytes: boolean }
  | {
      readonly type: 'error'
      readonly id: number
      readonly error: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> }
    }
  /** The piece was used up; the next one may come. */
  | { readonly type: 'taken'; readonly id: number }
  | { readonly type: 'progress'; readonly id: number; readonly progress: FileProgress }
