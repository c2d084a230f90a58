import type { FileEntry } from '@hatchery/core/runtime'
import { ATTRIBUTE } from './sftp-protocol.ts'
import { MalformedPacket, type PacketReader } from './packet-reader.ts'

/** What is known of a file, or what is to be set; what is absent is not said. */
export interface SftpAttributes {
  readonly sizeBytes?: number
  readonly owner?: { readonly uid: number; readonly gid: number }
  /** With the bits of the type where the server says it. */
  readonly mode?: number
  /** Seconds since 1970. */
  readonly times?: { readonly accessed: number; readonly modified: number }
}

const MAX_EXTENDED = 64

export function readAttributes(reader: PacketReader): SftpAttributes {
  const flags = reader.uint32()
  const attributes = {
    ...(flags & ATTRIBUTE.size && { sizeBytes: reader.uint64() }),
    ...(flags & ATTRIBUTE.owner && { owner: { uid: reader.uint32(), gid: reader.uint32() } }),
    ...(flags & ATTRIBUTE.mode && { mode: reader.uint32() }),
    ...(flags & ATTRIBUTE.times && { times: { accessed: reader.uint32(), modified: reader.uint32() } }),
  }
  if (flags & ATTRIBUTE.extended) {
    const count = reader.uint32()
    if (count > MAX_EXTENDED) throw new MalformedPacket(`${count} extended attributes are not taken.`)
    for (let at = 0; at < 2 * count; at += 1) reader.bytes()
  }
  return attributes
}

export function attributesLength({ sizeBytes, owner, mode, times }: SftpAttributes): number {
  return 4 + (sizeBytes === undefined ? 0 : 8) + (owner ? 8 : 0) + (mode === undefined ? 0 : 4) + (times ? 8 : 0)
}

/** @returns the place behind what was written */
export function writeAttributes(packet: Buffer, start: number, attributes: SftpAttributes): number {
  const { sizeBytes, owner, mode, times } = attributes
  const flags =
    (sizeBytes === undefined ? 0 : ATTRIBUTE.size) |
    (owner ? ATTRIBUTE.owner : 0) |
    (mode === undefined ? 0 : ATTRIBUTE.mode) |
    (times ? ATTRIBUTE.times : 0)
  let at = packet.writeUInt32BE(flags, start)
  if (sizeBytes !== undefined) at = packet.writeBigUInt64BE(BigInt(sizeBytes), at)
  if (owner) at = packet.writeUInt32BE(owner.gid, packet.writeUInt32BE(owner.uid, at))
  if (mode !== undefined) at = packet.writeUInt32BE(mode, at)
  if (times) at = packet.writeUInt32BE(times.modified, packet.writeUInt32BE(times.accessed, at))
  return at
}

const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000, other: 0o060000 } as const

/** The time of last access is not kept; the one of the last change stands for it. */
export function attributesOf(entry: FileEntry, owner: { readonly uid: number; readonly gid: number }): SftpAttributes {
  const modified = Math.min(Math.floor(entry.modifiedAt / 1000), 0xffff_ffff)
  return {
    sizeBytes: entry.sizeBytes,
    owner,
    mode: TYPE_BITS[entry.type] | entry.mode,
    times: { accessed: modified, modified },
  }
}

const TYPE_LETTERS = { file: '-', directory: 'd', symlink: 'l', other: 'b' } as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const HALF_YEAR_MS = 182 * 24 * 60 * 60_000

/** The line that clients show for `ls -l`, as `ls` would print it; times are UTC. */
export function longNameOf(entry: FileEntry, ownerName: string, now: number): string {
  const { mode } = entry
  const rights = [6, 3, 0].map((shift) => {
    const three = (mode >> shift) & 7
    return `${three & 4 ? 'r' : '-'}${three & 2 ? 'w' : '-'}${three & 1 ? 'x' : '-'}`
  })
  const at = new Date(entry.modifiedAt)
  const isRecent = Math.abs(now - entry.modifiedAt) < HALF_YEAR_MS
  const time = isRecent ? at.toISOString().slice(11, 16) : String(at.getUTCFullYear()).padStart(5)
  const day = `${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)}`
  const links = entry.type === 'directory' ? 2 : 1
  const size = String(entry.sizeBytes).padStart(8)
  const who = ownerName.padEnd(8)
  return `${TYPE_LETTERS[entry.type]}${rights.join('')} ${String(links).padStart(4)} ${who} ${who} ${size} ${day} ${time} ${entry.name}`
}
