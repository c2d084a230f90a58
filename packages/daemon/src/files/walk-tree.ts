import { lstatSync, type Stats } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { AppError } from '@hatchery/core/errors'
import { nameFromBytes } from '@hatchery/core/runtime'
import { Pinned, below, itself, type Descriptor } from './pinned.ts'

/** Directories are walked down to this depth; each level holds a descriptor. A deeper tree is made to exhaust them. */
export const MAX_DEPTH = 1024
/** So many names are looked at before others get their turn. */
const BATCH = 256

/** One name that a walk has come to. The parent is open until the walk goes on. */
export interface Visit {
  readonly parent: Descriptor
  readonly name: Buffer
  /** From the directory that the walk began in. */
  readonly names: readonly string[]
  readonly info: Stats
  /** Called for a directory: its contents are left out. */
  skip(): void
}

/**
 * Everything below an open directory, without following a link: each directory comes before its contents and is opened
 * under the one before. What vanishes or is swapped meanwhile is left out.
 * @throws AppError `PATH_INVALID` for a tree that is too deep
 */
export async function* walkTree(
  directory: Descriptor,
  signal?: AbortSignal,
  names: readonly string[] = [],
): AsyncGenerator<Visit, void, undefined> {
  if (names.length >= MAX_DEPTH) throw new AppError('PATH_INVALID', { path: names.join('/').slice(0, 200) })
  const found = await readdir(itself(directory), 'latin1')
  for (let at = 0; at < found.length; at++) {
    signal?.throwIfAborted()
    if (at % BATCH === BATCH - 1) await setImmediate()
    const name = Buffer.from(found[at]!, 'latin1')
    const info = lstatSync(below(directory, name), { throwIfNoEntry: false })
    if (!info) continue
    const path = [...names, nameFromBytes(name)]
    let isSkipped = false
    yield { parent: directory, name, names: path, info, skip: () => (isSkipped = true) }
    if (!info.isDirectory() || isSkipped) continue
    using inner = openDirectory(directory, name)
    if (inner) yield* walkTree(inner, signal, path)
  }
}

/** The directory of that name; null when it is gone, or none any more. */
export function openDirectory(parent: Descriptor, name: Buffer): Pinned | null {
  try {
    return Pinned.openDirectory(below(parent, name))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return null
    throw error
  }
}
