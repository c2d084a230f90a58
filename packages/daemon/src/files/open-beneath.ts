import { readlinkSync } from 'node:fs'
import { AppError } from '@hatchery/core/errors'
import { bytesFromName, nameFromBytes } from '@hatchery/core/runtime'
import { Pinned, below, type Descriptor } from './pinned.ts'

const MAX_LINKS = 40
const MAX_NAME_BYTES = 255
const MAX_PATH_LENGTH = 4096

/** Names of a path, each checked. `''` and `'.'` fall out; `'..'` stays for the walk. */
export function pathNames(path: string): string[] {
  const invalid = () => new AppError('PATH_INVALID', { path: path.slice(0, 200) })
  if (path.length > MAX_PATH_LENGTH || path.includes('\0')) throw invalid()
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  if (names.some((name) => bytesFromName(name).length > MAX_NAME_BYTES)) throw invalid()
  return names
}

/** What a walk found: the directory that holds the last name, and that name with links expanded. */
export interface Place extends Disposable {
  readonly parent: Descriptor
  /** null: the path is the root itself. */
  readonly name: Buffer | null
  /** What the name is; null when nothing is there. Never a link, unless links were not to be followed. */
  readonly target: Pinned | null
  /** Where that really is: every name from the root on, links expanded. Empty for the root. */
  readonly names: readonly string[]
}

export interface WalkOptions {
  /** Expand a link in the last place as well. */
  readonly followLast: boolean
  /** Called where a directory is missing, with the names that lead to it; makes it, or is absent. */
  readonly makeDirectory?: ((parent: Descriptor, name: Buffer, names: readonly string[]) => Promise<void>) | undefined
}

/**
 * Walks `path` below `root` one component at a time (RULES 17): each is opened with `O_PATH|O_NOFOLLOW` under the directory
 * opened before, links are expanded here and not by the kernel. Whoever swaps a directory for a link meanwhile gains nothing.
 * @throws AppError `PATH_INVALID`, `PATH_OUTSIDE`, `FILE_NOT_FOUND` (a directory on the way is missing)
 */
export async function walkBeneath(root: string, path: string, options: WalkOptions): Promise<Place> {
  using opened = new DisposableStack()
  const top = opened.use(Pinned.openDirectory(root))
  const place = await walk([{ pinned: top, name: '' }], opened, path, options)
  const kept = opened.move()
  return { ...place, [Symbol.dispose]: () => kept.dispose() }
}

/** A directory on the way, and its name in the one before. */
interface Step {
  readonly pinned: Pinned
  readonly name: string
}

async function walk(
  stack: Step[],
  opened: DisposableStack,
  path: string,
  options: WalkOptions,
): Promise<Omit<Place, keyof Disposable>> {
  const outside = () => new AppError('PATH_OUTSIDE', { path: path.slice(0, 200) })
  const names: Buffer[] = pathNames(path).map(bytesFromName)
  let links = 0
  const namesTo = (last: Buffer | null) => [
    ...stack.slice(1).map((step) => step.name),
    ...(last ? [nameFromBytes(last)] : []),
  ]
  /** The path is a directory that the walk is in. */
  const here = () => {
    const parent = stack.at(-2) ?? stack[0]!
    return { parent: parent.pinned, name: null, target: stack.at(-1)!.pinned, names: namesTo(null) }
  }
  for (let name = names.shift(); name; name = names.shift()) {
    const parent = stack.at(-1)!.pinned
    if (name.equals(PARENT)) {
      if (stack.length === 1) throw outside()
      stack.pop()
      if (names.length === 0) return here()
      continue
    }
    const isLast = names.length === 0
    let found = findName(parent, name)
    if (!found && !isLast && options.makeDirectory) {
      await options.makeDirectory(parent, name, namesTo(name))
      found = findName(parent, name)
    }
    if (!found) {
      if (isLast) return { parent, name, target: null, names: namesTo(name) }
      throw new AppError('FILE_NOT_FOUND', { path: path.slice(0, 200) })
    }
    opened.use(found)
    const info = found.stat()
    if (info.isSymbolicLink() && (!isLast || options.followLast)) {
      if (++links > MAX_LINKS) throw new AppError('PATH_INVALID', { path: path.slice(0, 200) })
      const expanded = linkNames(readLink(parent, name))
      if (!expanded) throw outside()
      if (expanded.fromRoot) stack.length = 1
      names.unshift(...expanded.names)
      if (names.length === 0) return here()
      continue
    }
    if (isLast) return { parent, name, target: found, names: namesTo(name) }
    if (!info.isDirectory()) throw new AppError('FILE_NOT_FOUND', { path: path.slice(0, 200) })
    stack.push({ pinned: found, name: nameFromBytes(name) })
  }
  return here()
}

const PARENT = Buffer.from('..')
/** The root as programs in a container see it. */
const MOUNT = '/home/container'

function findName(parent: Descriptor, name: Buffer): Pinned | null {
  try {
    return Pinned.open(below(parent, name))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

/** The names a link leads over; null when it leads out of the server. */
function linkNames(target: Buffer | null): { fromRoot: boolean; names: Buffer[] } | null {
  if (!target) return null
  const text = target.toString('latin1')
  const fromRoot = text.startsWith('/')
  if (fromRoot && text !== MOUNT && !text.startsWith(`${MOUNT}/`)) return null
  const names = (fromRoot ? text.slice(MOUNT.length) : text).split('/').filter((name) => name !== '' && name !== '.')
  return { fromRoot, names: names.map((name) => Buffer.from(name, 'latin1')) }
}

/** null: it was a link a moment ago and is none now, so somebody swaps it. Refused like a link that leads out. */
function readLink(parent: Descriptor, name: Buffer): Buffer | null {
  try {
    return readlinkSync(below(parent, name), 'buffer')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EINVAL' || code === 'ENOENT') return null
    throw error
  }
}
