import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { lchown, lstat, open, readlink, symlink, type FileHandle } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import type { FileProgress, WorkOptions } from '@hatchery/core/runtime'
import { linkOntoFresh, renameOntoFresh, syncDirectory } from './change-names.ts'
import { invalid, notFound, whenGone } from './file-errors.ts'
import { Pinned, below, itself, type Descriptor } from './pinned.ts'
import { removeName } from './remove-tree.ts'
import { makeOwnDirectory, openPrivate, refuseProtectedTree, walkTo, type TreeContext } from './tree-context.ts'
import { MAX_DEPTH, openDirectory, walkTree } from './walk-tree.ts'

const CHUNK_BYTES = 1024 * 1024
/** Name of a copy until it is whole. */
const COPY = Buffer.from('copy')
/** Runs of zeros this long and longer become holes again, where the original has some. */
const HOLE_BYTES = 4096

/** Copies to a name that is free. It is made beside the tree and gets its name when it is whole. */
export async function copyTree(ctx: TreeContext, from: string, to: string, options: WorkOptions): Promise<void> {
  using source = await walkTo(ctx, from, { followLast: false })
  using goal = await walkTo(ctx, to, { followLast: false })
  const target = source.target ?? notFound(from)
  if (!goal.name || goal.target) throw new AppError('FILE_EXISTS', { path: to.slice(0, 200) })
  if (!source.name || source.names.every((name, index) => goal.names[index] === name)) return invalid(to)
  await refuseProtectedTree(ctx, target, [source.names, goal.names])

  await using area = await openPrivate(ctx, 'unfinished')
  const name = Buffer.from(`${randomBytes(12).toString('hex')}.copy`)
  // A directory around it: the copy has the times of its original, which do not tell how long it has lain there.
  await makeOwnDirectory(ctx, area, name)
  try {
    using around = Pinned.openDirectory(below(area, name))
    await new Copier(ctx, options).copy(source.parent, source.name, target.stat(), around, COPY, 0)
    // Of what is no file, link or directory there is no copy.
    const copy = await lstat(below(around, COPY)).catch(whenGone)
    if (!copy) return
    const [from, to] = [below(around, COPY), below(goal.parent, goal.name)]
    await (copy.isDirectory() ? renameOntoFresh(from, to) : linkOntoFresh(from, to))
    await syncDirectory(goal.parent)
  } finally {
    await removeName(area, name, {}).catch(() => undefined) // what stays is tidied away some day
  }
}

class Copier {
  readonly #ctx: TreeContext
  readonly #options: WorkOptions
  #done: FileProgress = { files: 0, bytes: 0 }

  constructor(ctx: TreeContext, options: WorkOptions) {
    this.#ctx = ctx
    this.#options = options
  }

  async copy(
    from: Descriptor,
    name: Buffer,
    info: Stats,
    to: Descriptor,
    newName: Buffer,
    depth: number,
  ): Promise<void> {
    this.#options.signal?.throwIfAborted()
    if (depth > MAX_DEPTH) throw new AppError('PATH_INVALID', { path: newName.toString('utf8').slice(0, 200) })
    if (info.isDirectory()) await this.#copyDirectory(from, name, info, to, newName, depth)
    else if (info.isSymbolicLink()) await this.#copyLink(from, name, to, newName)
    else if (info.isFile()) await this.#copyFile(from, name, to, newName)
  }

  async #copyDirectory(
    from: Descriptor,
    name: Buffer,
    info: Stats,
    to: Descriptor,
    newName: Buffer,
    depth: number,
  ): Promise<void> {
    using source = openDirectory(from, name)
    if (!source) return
    await makeOwnDirectory(this.#ctx, to, newName)
    using goal = Pinned.openDirectory(below(to, newName))
    for await (const visit of walkTree(source, this.#options.signal)) {
      visit.skip()
      await this.copy(visit.parent, visit.name, visit.info, goal, visit.name, depth + 1)
    }
    await using opened = await open(itself(goal), constants.O_RDONLY | constants.O_DIRECTORY)
    await opened.chmod(info.mode & 0o777)
    await opened.utimes(info.atime, info.mtime)
  }

  async #copyLink(from: Descriptor, name: Buffer, to: Descriptor, newName: Buffer): Promise<void> {
    const target = await readlink(below(from, name), 'buffer').catch(whenGone)
    if (!target) return
    await symlink(target, below(to, newName))
    if (this.#ctx.isRoot) await lchown(below(to, newName), this.#ctx.uid, this.#ctx.gid)
    this.#count(1, 0)
  }

  async #copyFile(from: Descriptor, name: Buffer, to: Descriptor, newName: Buffer): Promise<void> {
    using pinned = Pinned.find(below(from, name))
    // Swapped since it was looked at: as if it had gone.
    if (!pinned || !pinned.stat().isFile()) return
    await using source = await open(itself(pinned), constants.O_RDONLY | constants.O_NONBLOCK)
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    await using goal = await open(below(to, newName), flags, 0o600)
    const info = await source.stat()
    if (this.#ctx.isRoot) await goal.chown(this.#ctx.uid, this.#ctx.gid)
    await this.#copyContent(source, goal, info)
    await goal.chmod(info.mode & 0o777)
    await goal.utimes(info.atime, info.mtime)
    await goal.sync()
    this.#count(1, 0)
  }

  async #copyContent(source: FileHandle, goal: FileHandle, { size, blocks }: Stats): Promise<void> {
    const isSparse = blocks * 512 < size
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    let offset = 0
    for (;;) {
      this.#options.signal?.throwIfAborted()
      const { bytesRead } = await source.read(buffer, 0, buffer.length, offset)
      if (bytesRead === 0) break
      const pieces = isSparse ? dataRuns(buffer.subarray(0, bytesRead)) : [{ at: 0, end: bytesRead }]
      for (const { at, end } of pieces) await writeRun(goal, buffer, at, end, offset + at)
      offset += bytesRead
      this.#count(0, bytesRead)
    }
    if (isSparse) await goal.truncate(offset)
  }

  #count(files: number, bytes: number): void {
    this.#done = { files: this.#done.files + files, bytes: this.#done.bytes + bytes }
    this.#options.onProgress?.(this.#done)
  }
}

async function writeRun(goal: FileHandle, buffer: Buffer, at: number, end: number, offset: number): Promise<void> {
  for (let from = at; from < end;) {
    const { bytesWritten } = await goal.write(buffer, from, end - from, offset + (from - at))
    from += bytesWritten
  }
}

const ZEROS = Buffer.alloc(HOLE_BYTES)

/** The parts of a chunk that are not all zeros. */
function dataRuns(chunk: Buffer): { readonly at: number; readonly end: number }[] {
  const runs: { at: number; end: number }[] = []
  for (let at = 0; at < chunk.length; at += HOLE_BYTES) {
    const end = Math.min(at + HOLE_BYTES, chunk.length)
    if (ZEROS.subarray(0, end - at).equals(chunk.subarray(at, end))) continue
    const last = runs.at(-1)
    if (last?.end === at) last.end = end
    else runs.push({ at, end })
  }
  return runs
}
