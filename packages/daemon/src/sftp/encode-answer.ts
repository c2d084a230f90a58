import { bytesFromName } from '@hatchery/core/runtime'
import { EXTENSIONS, PACKET, SFTP_VERSION, type SftpStatus } from './sftp-protocol.ts'
import { attributesLength, writeAttributes, type SftpAttributes } from './attributes.ts'

export interface NamedEntry {
  readonly name: string
  readonly longName: string
  readonly attributes: SftpAttributes
}

/** Room that a file system has, in bytes and files. */
export interface FileSystemRoom {
  readonly totalBytes: number
  readonly freeBytes: number
}

const BLOCK_BYTES = 4096
const MAX_NAME_BYTES = 255
/** Inodes are not limited by the quota of a server; programs that look at them want to see some. */
const INODES = 2 ** 32 - 1

/** A packet with its length in front, and the place where its fields begin. */
function packetOf(type: number, id: number, fieldBytes: number): { packet: Buffer; at: number } {
  const packet = Buffer.allocUnsafe(9 + fieldBytes)
  packet.writeUInt32BE(5 + fieldBytes, 0)
  packet.writeUInt8(type, 4)
  packet.writeUInt32BE(id, 5)
  return { packet, at: 9 }
}

function writeBytes(packet: Buffer, start: number, bytes: Uint8Array): number {
  packet.writeUInt32BE(bytes.length, start)
  packet.set(bytes, start + 4)
  return start + 4 + bytes.length
}

export function encodeVersion(): Buffer {
  const fields = Object.entries(EXTENSIONS).flatMap(([name, data]) => [Buffer.from(name), Buffer.from(data)])
  const { packet } = packetOf(
    PACKET.version,
    SFTP_VERSION,
    fields.reduce((sum, { length }) => sum + 4 + length, 0),
  )
  fields.reduce((at, field) => writeBytes(packet, at, field), 9)
  return packet
}

export function encodeStatus(id: number, status: SftpStatus, message: string): Buffer {
  const text = bytesFromName(message.toWellFormed())
  const { packet, at } = packetOf(PACKET.status, id, 4 + 4 + text.length + 4 + 2)
  const next = writeBytes(packet, packet.writeUInt32BE(status, at), text)
  writeBytes(packet, next, Buffer.from('en'))
  return packet
}

export function encodeHandle(id: number, handle: Uint8Array): Buffer {
  const { packet, at } = packetOf(PACKET.handle, id, 4 + handle.length)
  writeBytes(packet, at, handle)
  return packet
}

/** What is shorter is copied into one packet of the transport; for what is longer, one more costs less than the copy. */
const SHORT_BYTES = 8 * 1024

/** @returns the packet in pieces, so that long content is not copied */
export function encodeData(id: number, bytes: Uint8Array): readonly Uint8Array[] {
  const isShort = bytes.length <= SHORT_BYTES
  const { packet, at } = packetOf(PACKET.data, id, 4 + (isShort ? bytes.length : 0))
  if (isShort) {
    writeBytes(packet, at, bytes)
    return [packet]
  }
  packet.writeUInt32BE(5 + 4 + bytes.length, 0)
  packet.writeUInt32BE(bytes.length, at)
  return [packet, bytes]
}

export function encodeAttributes(id: number, attributes: SftpAttributes): Buffer {
  const { packet, at } = packetOf(PACKET.attrs, id, attributesLength(attributes))
  writeAttributes(packet, at, attributes)
  return packet
}

export function encodeNames(id: number, entries: readonly NamedEntry[]): Buffer {
  const parts = entries.map(({ name, longName, attributes }) => ({
    name: bytesFromName(name),
    longName: bytesFromName(longName),
    attributes,
  }))
  const length = parts.reduce(
    (sum, part) => sum + 8 + part.name.length + part.longName.length + attributesLength(part.attributes),
    4,
  )
  const { packet, at: start } = packetOf(PACKET.name, id, length)
  let at = packet.writeUInt32BE(parts.length, start)
  for (const part of parts) {
    at = writeBytes(packet, writeBytes(packet, at, part.name), part.longName)
    at = writeAttributes(packet, at, part.attributes)
  }
  return packet
}

/** Answer of `statvfs@openssh.com`. */
export function encodeRoom(id: number, { totalBytes, freeBytes }: FileSystemRoom): Buffer {
  const free = Math.floor(freeBytes / BLOCK_BYTES)
  const values = [
    ...[BLOCK_BYTES, BLOCK_BYTES, Math.floor(totalBytes / BLOCK_BYTES), free, free],
    ...[INODES, INODES, INODES, 0, 0, MAX_NAME_BYTES],
  ]
  return encodeNumbers(id, values)
}

/** Answer of `limits@openssh.com`. */
export function encodeLimits(
  id: number,
  limits: { readonly packetBytes: number; readonly dataBytes: number; readonly handles: number },
): Buffer {
  return encodeNumbers(id, [limits.packetBytes, limits.dataBytes, limits.dataBytes, limits.handles])
}

function encodeNumbers(id: number, values: readonly number[]): Buffer {
  const { packet, at } = packetOf(PACKET.extendedReply, id, values.length * 8)
  values.reduce((place, value) => packet.writeBigUInt64BE(BigInt(value), place), at)
  return packet
}

/** Answer of `users-groups-by-id@openssh.com`: an empty name for each number that nobody has. */
export function encodeUsersAndGroups(id: number, users: readonly string[], groups: readonly string[]): Buffer {
  const lists = [users, groups].map((names) => {
    const parts = names.map((name) => Buffer.from(name))
    const list = Buffer.alloc(parts.reduce((sum, { length }) => sum + 4 + length, 0))
    parts.reduce((at, part) => writeBytes(list, at, part), 0)
    return list
  })
  const { packet, at } = packetOf(
    PACKET.extendedReply,
    id,
    lists.reduce((sum, { length }) => sum + 4 + length, 0),
  )
  lists.reduce((place, list) => writeBytes(packet, place, list), at)
  return packet
}

/** Answer of `home-directory` and `expand-path@openssh.com` is a single name. */
export function encodePath(id: number, path: string): Buffer {
  return encodeNames(id, [{ name: path, longName: path, attributes: {} }])
}
