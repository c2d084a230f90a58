import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Stats } from 'node:fs'
import type { Checksum, DiskUse, DiskUseReport, WorkOptions } from '@hatchery/core/runtime'
import { typeOf } from './file-entries.ts'
import { invalid, notFound } from './file-errors.ts'
import { openRegular } from './open-file.ts'
import { walkTo, type TreeContext } from './tree-context.ts'
import { walkTree } from './walk-tree.ts'

const CHUNK_BYTES = 1024 * 1024
const MAX_CHILDREN = 1000
const MAX_ENTRIES = 5_000_000

/** The checksum of a file's content, hexadecimal. */
export async function checksumOf(
  ctx: TreeContext,
  path: string,
  algorithm: Checksum,
  { onProgress, signal }: WorkOptions,
): Promise<string> {
  await using file = await openRegular(ctx, path, {})
  const hash = algorithm === 'crc32' ? null : createHash(algorithm)
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  let crc = 0
  let bytes = 0
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, buffer.length, bytes)
    if (bytesRead === 0) break
    const piece = buffer.subarray(0, bytesRead)
    if (hash) hash.update(piece)
    else crc = crc32(piece, crc)
    bytes += bytesRead
    onProgress?.({ files: 0, bytes })
  }
  return hash ? hash.digest('hex') : crc.toString(16).padStart(8, '0')
}

/** What a directory takes on the disk, by what lies directly in it. */
export async function diskUseOf(
  ctx: TreeContext,
  path: string,
  { onProgress, signal }: WorkOptions,
): Promise<DiskUseReport> {
  using place = await walkTo(ctx, path, { followLast: true })
  const target = place.target ?? notFound(path)
  const own = target.stat()
  if (!own.isDirectory()) return invalid(path)

  const children = new Map<string, { -readonly [K in keyof DiskUse]: DiskUse[K] }>()
  const counted = new Set<string>()
  let diskBytes = own.blocks * 512
  let entries = 1
  let isPartial = false
  for await (const { names, info } of walkTree(target, signal)) {
    if (entries >= MAX_ENTRIES) {
      isPartial = true
      break
    }
    const bytes = countOnce(counted, info)
    const [name = ''] = names
    let child = children.get(name)
    if (!child) children.set(name, (child = { name, type: typeOf(info), diskBytes: 0, entries: 0 }))
    child.diskBytes += bytes
    child.entries += 1
    diskBytes += bytes
    entries += 1
    onProgress?.({ files: entries, bytes: diskBytes })
  }
  const largest = [...children.values()].toSorted((a, b) => b.diskBytes - a.diskBytes || (a.name < b.name ? -1 : 1))
  return { diskBytes, entries, children: largest.slice(0, MAX_CHILDREN), isPartial }
}

/** Bytes on the disk; none for a further name of a file that was counted. */
export function countOnce(counted: Set<string>, info: Stats): number {
  if (info.nlink > 1 && !info.isDirectory()) {
    const key = `${info.dev}:${info.ino}`
    if (counted.has(key)) return 0
    counted.add(key)
  }
  return info.blocks * 512
}
