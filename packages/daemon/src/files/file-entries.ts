import { createHash } from 'node:crypto'
import { readlinkSync, type BigIntStats } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { type FileEntry, type FileType, nameFromBytes } from '@hatchery/core/runtime'
import { below, type Descriptor } from './pinned.ts'

type TypeOf = Pick<BigIntStats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>

export function typeOf(info: TypeOf): FileType {
  return info.isFile() ? 'file' : info.isDirectory() ? 'directory' : info.isSymbolicLink() ? 'symlink' : 'other'
}

export function entryOf(name: string, info: BigIntStats, linkTarget: string | null = null): FileEntry {
  return {
    name,
    type: typeOf(info),
    sizeBytes: Number(info.size),
    diskBytes: Number(info.blocks) * 512,
    mode: Number(info.mode) & 0o7777,
    modifiedAt: Math.max(0, Number(info.mtimeMs)),
    linkTarget,
    revision: revisionOf(info),
  }
}

/** 48 bits of everything that changes when a file does; the change time cannot be set back by the server. */
export function revisionOf(info: Pick<BigIntStats, 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>): number {
  return createHash('sha256')
    .update(`${info.ino}:${info.size}:${info.mtimeNs}:${info.ctimeNs}`)
    .digest()
    .readUIntBE(0, 6)
}

/** The stored target of a link; null when it is none any more. */
export async function linkTargetOf(parent: Descriptor, name: Buffer): Promise<string | null> {
  return readlink(below(parent, name), 'buffer').then(nameFromBytes, whenNoLink)
}

export function linkTargetOfSync(parent: Descriptor, name: Buffer): string | null {
  try {
    return nameFromBytes(readlinkSync(below(parent, name), 'buffer'))
  } catch (error) {
    return whenNoLink(error as NodeJS.ErrnoException)
  }
}

function whenNoLink(error: NodeJS.ErrnoException): null {
  if (error.code === 'EINVAL' || error.code === 'ENOENT') return null
  throw error
}
