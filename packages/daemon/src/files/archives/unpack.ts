import { constants } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { chown, link, open, rename, symlink, unlink, lchown, lutimes, mkdir } from 'node:fs/promises'
import { AppError } from '@hatchery/core/errors'
import { bytesFromName, compilePathPatterns, type UnpackOptions, type UnpackReport } from '@hatchery/core/runtime'
import { whenGone } from '../file-errors.ts'
import { openRegular } from '../open-file.ts'
import { pathNames } from '../open-beneath.ts'
import { Pinned, below, itself, type Descriptor } from '../pinned.ts'
import { removeName } from '../remove-tree.ts'
import { openPrivate, walkTo, type TreeContext } from '../tree-context.ts'
import { walkTree } from '../walk-tree.ts'
import { broken, tooLarge, type ArchiveEntry } from './archive-entry.ts'
import { explainDamage, openArchive, selects } from './open-archive.ts'

const AREA = 'unpacked'
const MAX_ENTRIES = 250_000
/** Beyond this many bytes, more than {@link MAX_RATIO} from one of the archive is a bomb. */
const RATIO_FROM_BYTES = 100 * 1024 * 1024
const MAX_RATIO = 200
const MAX_DEPTH = 128
const MAX_MS = 60 * 60_000

/**
 * Unpacks beside the tree first and moves what has come out into it when all of it has: an archive that is damaged, hostile or
 * too large leaves nothing behind. There every entry is opened component by component as well, so that neither a path nor a
 * link in the archive leads out.
 */
export async function unpack(ctx: TreeContext, path: string, options: UnpackOptions): Promise<UnpackReport> {
  await using archive = await openRegular(ctx, path, {})
  const { signal, members } = options
  return await unpackEntries(ctx, (await archive.stat()).size, options, (onRead) =>
    openArchive(archive, path, { signal, members, onRead }),
  )
}

/**
 * The same for entries from wherever they come.
 * @param archiveBytes what they are packed into, as far as that is known
 */
export async function unpackEntries(
  ctx: TreeContext,
  archiveBytes: number,
  options: UnpackOptions,
  entriesOf: (onRead: (bytes: number) => void) => AsyncIterable<ArchiveEntry>,
): Promise<UnpackReport> {
  await using area = await openPrivate(ctx, AREA)
  const name = Buffer.from(randomUUID())
  await mkdir(below(area, name), 0o700)
  if (ctx.isRoot) await lchown(below(area, name), ctx.uid, ctx.gid)
  try {
    using staging = Pinned.openDirectory(below(area, name))
    const beside = { ...ctx, root: `${itself(staging)}/.`, protected: compilePathPatterns([]) }
    const unpacker = new Unpacker(beside, options, archiveBytes)
    for await (const entry of entriesOf((bytes) => unpacker.read(bytes))) await unpacker.take(entry)
    unpacker.requireMembers()
    return await mergeInto(ctx, staging, options)
  } catch (error) {
    throw explainDamage(error)
  } finally {
    await removeName(area, name, {})
  }
}

class Unpacker {
  readonly #ctx: TreeContext
  readonly #options: UnpackOptions
  readonly #archiveBytes: number
  readonly #since = performance.now()
  #wanted = 0
  #entries = 0
  #bytes = 0
  #read = 0

  constructor(ctx: TreeContext, options: UnpackOptions, archiveBytes: number) {
    this.#ctx = ctx
    this.#options = options
    this.#archiveBytes = archiveBytes
  }

  async take(entry: ArchiveEntry): Promise<void> {
    this.#options.signal?.throwIfAborted()
    if (++this.#entries > MAX_ENTRIES) throw tooLarge(`it has more than ${MAX_ENTRIES} entries`)
    const names = pathNames(entry.path)
    if (names.length > MAX_DEPTH) throw tooLarge(`directories lie more than ${MAX_DEPTH} deep in it`)
    if (!selects(this.#options.members, names)) return
    this.#wanted += 1
    if (names.length > 0) await this.#make(entry, names.join('/'))
    this.#tell()
  }

  /** Notes that so much more of the archive was read. */
  read(bytes: number): void {
    this.#read = Math.min(this.#archiveBytes, this.#read + bytes)
  }

  /** @throws AppError `ARCHIVE_MEMBER_NOT_FOUND` when nothing was there of what was asked for */
  requireMembers(): void {
    const { members } = this.#options
    if (members && this.#wanted === 0) throw new AppError('ARCHIVE_MEMBER_NOT_FOUND', { member: members[0] ?? '' })
  }

  #tell(): void {
    if (performance.now() - this.#since > MAX_MS) throw tooLarge('unpacking it takes more than an hour')
    const done = { bytes: this.#read, totalBytes: this.#archiveBytes }
    this.#options.onProgress?.({ files: this.#wanted, bytes: this.#bytes, done })
  }

  async #make(entry: ArchiveEntry, path: string): Promise<void> {
    const place = await walkTo(this.#ctx, path, { followLast: false, makesDirectories: true })
    using _open = place
    if (!place.name) return
    const isDirectory = place.target?.stat().isDirectory() ?? false
    if (entry.type === 'directory') {
      if (place.target && !isDirectory) throw broken(`${path.slice(0, 100)} is in it twice, as two different things`)
      if (!place.target) await this.#makeDirectory(place.parent, place.name)
      return
    }
    if (entry.type === 'other') return
    if (isDirectory) throw broken(`${path.slice(0, 100)} is in it twice, as two different things`)
    // Of two entries with one name the later one counts.
    if (place.target) await unlink(below(place.parent, place.name))
    if (entry.type === 'file') await this.#makeFile(place.parent, place.name, entry)
    else if (entry.type === 'symlink') await this.#makeLink(place.parent, place.name, entry)
    else await this.#makeHardLink(place.parent, place.name, entry)
  }

  async #makeDirectory(parent: Descriptor, name: Buffer): Promise<void> {
    await mkdir(below(parent, name), 0o755)
    using made = Pinned.openDirectory(below(parent, name))
    if (this.#ctx.isRoot) await chown(itself(made), this.#ctx.uid, this.#ctx.gid)
  }

  async #makeFile(parent: Descriptor, name: Buffer, entry: ArchiveEntry): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    await using file = await open(below(parent, name), flags, 0o600)
    for await (const piece of entry.body) {
      this.#options.signal?.throwIfAborted()
      this.#count(piece.length)
      await file.writeFile(piece)
    }
    if (this.#ctx.isRoot) await file.chown(this.#ctx.uid, this.#ctx.gid)
    await file.chmod(entry.mode & 0o777)
    if (entry.modifiedAt !== null) await file.utimes(entry.modifiedAt / 1000, entry.modifiedAt / 1000)
  }

  async #makeLink(parent: Descriptor, name: Buffer, entry: ArchiveEntry): Promise<void> {
    let target = bytesFromName(entry.linkTarget)
    // A zip has the target where a file has its content.
    for await (const piece of entry.body) {
      target = Buffer.concat([target, piece])
      if (target.length > 4095) break
    }
    if (target.length === 0 || target.length > 4095 || target.includes(0)) throw broken('a link in it leads nowhere')
    await symlink(target, below(parent, name))
    if (this.#ctx.isRoot) await lchown(below(parent, name), this.#ctx.uid, this.#ctx.gid)
    if (entry.modifiedAt !== null) {
      await lutimes(below(parent, name), entry.modifiedAt / 1000, entry.modifiedAt / 1000)
    }
  }

  /** A second name for an earlier entry of the same archive, and for nothing else. */
  async #makeHardLink(parent: Descriptor, name: Buffer, entry: ArchiveEntry): Promise<void> {
    if (pathNames(entry.linkTarget).includes('..')) throw broken('a path in it leads out')
    using earlier = await walkTo(this.#ctx, entry.linkTarget, { followLast: false })
    if (!earlier.name || !earlier.target?.stat().isFile()) throw broken('a link in it leads nowhere')
    await link(below(earlier.parent, earlier.name), below(parent, name))
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#tell()
    const { maxBytes } = this.#options
    if (this.#bytes > maxBytes) throw tooLarge(`more than ${maxBytes} bytes come out of it`)
    if (this.#bytes > RATIO_FROM_BYTES && this.#bytes > this.#archiveBytes * MAX_RATIO) {
      throw tooLarge(`more than ${MAX_RATIO} times its own size comes out of it`)
    }
  }
}

/** Moves everything into the tree, directory by directory; what may not be replaced or is protected stays out. */
async function mergeInto(ctx: TreeContext, staging: Descriptor, options: UnpackOptions): Promise<UnpackReport> {
  const { to, replace } = options
  let [files, skipped] = [0, 0]
  using _goal = await walkTo(ctx, `${to}/x`, { followLast: false, makesDirectories: true })
  for await (const visit of walkTree(staging)) {
    const path = [to, ...visit.names].join('/')
    using place = await walkTo(ctx, path, { followLast: visit.info.isDirectory(), makesDirectories: true })
    const isDirectory = place.target?.stat().isDirectory() ?? false
    const isTaken = place.target !== null && (visit.info.isDirectory() ? !isDirectory : isDirectory || !replace)
    if (isTaken || ctx.protected.matches(place.names, visit.info.isDirectory())) {
      skipped += 1
      if (visit.info.isDirectory()) visit.skip()
      continue
    }
    if (visit.info.isDirectory()) {
      if (!place.target && place.name) {
        await mkdir(below(place.parent, place.name), 0o755)
        if (ctx.isRoot) await lchown(below(place.parent, place.name), ctx.uid, ctx.gid)
      }
      continue
    }
    if (!place.name) continue
    await rename(below(visit.parent, visit.name), below(place.parent, place.name)).catch(whenGone)
    files += 1
  }
  return { files, skipped }
}
