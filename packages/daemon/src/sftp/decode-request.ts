import { EXTENSIONS, PACKET, type ExtensionName } from './sftp-protocol.ts'
import { readAttributes, type SftpAttributes } from './attributes.ts'
import { MalformedPacket, PacketReader } from './packet-reader.ts'

/** What a client asks; `id` comes back with the answer. */
export type SftpRequest = { readonly id: number } & (
  | { readonly verb: 'open'; readonly path: string; readonly flags: number; readonly attributes: SftpAttributes }
  | { readonly verb: 'close'; readonly handle: Buffer }
  | { readonly verb: 'read'; readonly handle: Buffer; readonly offset: number; readonly length: number }
  /** The bytes are a part of the packet. */
  | { readonly verb: 'write'; readonly handle: Buffer; readonly offset: number; readonly bytes: Buffer }
  | { readonly verb: 'lstat' | 'stat'; readonly path: string }
  | { readonly verb: 'fstat'; readonly handle: Buffer }
  | { readonly verb: 'setstat' | 'lsetstat' | 'mkdir'; readonly path: string; readonly attributes: SftpAttributes }
  | { readonly verb: 'fsetstat'; readonly handle: Buffer; readonly attributes: SftpAttributes }
  | {
      readonly verb: 'opendir' | 'remove' | 'rmdir' | 'realpath' | 'readlink' | 'statvfs' | 'expand-path'
      readonly path: string
    }
  | { readonly verb: 'readdir' | 'fsync' | 'fstatvfs'; readonly handle: Buffer }
  | { readonly verb: 'rename' | 'posix-rename' | 'hardlink'; readonly from: string; readonly to: string }
  /** The link at `path` leads to `target`. */
  | { readonly verb: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly verb: 'copy-data'
      readonly from: Buffer
      readonly fromOffset: number
      /** 0 is all that there is. */
      readonly length: number
      readonly to: Buffer
      readonly toOffset: number
    }
  | { readonly verb: 'limits' }
  | { readonly verb: 'home-directory'; readonly user: string }
  | { readonly verb: 'users-groups'; readonly users: readonly number[]; readonly groups: readonly number[] }
  | { readonly verb: 'unknown'; readonly name: string }
)

/**
 * Reads a request. What lies behind its last field is ignored, as by every other server.
 * @throws MalformedPacket when a field goes beyond the end
 */
export function decodeRequest(packet: Buffer): SftpRequest {
  const reader = new PacketReader(packet)
  const type = reader.byte()
  const id = reader.uint32()
  switch (type) {
    case PACKET.open:
      return { id, verb: 'open', path: reader.text(), flags: reader.uint32(), attributes: readAttributes(reader) }
    case PACKET.close:
      return { id, verb: 'close', handle: reader.bytes() }
    case PACKET.read:
      return { id, verb: 'read', handle: reader.bytes(), offset: reader.uint64(), length: reader.uint32() }
    case PACKET.write:
      return { id, verb: 'write', handle: reader.bytes(), offset: reader.uint64(), bytes: reader.bytes() }
    case PACKET.lstat:
      return { id, verb: 'lstat', path: reader.text() }
    case PACKET.fstat:
      return { id, verb: 'fstat', handle: reader.bytes() }
    case PACKET.setstat:
      return { id, verb: 'setstat', path: reader.text(), attributes: readAttributes(reader) }
    case PACKET.fsetstat:
      return { id, verb: 'fsetstat', handle: reader.bytes(), attributes: readAttributes(reader) }
    case PACKET.opendir:
      return { id, verb: 'opendir', path: reader.text() }
    case PACKET.readdir:
      return { id, verb: 'readdir', handle: reader.bytes() }
    case PACKET.remove:
      return { id, verb: 'remove', path: reader.text() }
    case PACKET.mkdir:
      return { id, verb: 'mkdir', path: reader.text(), attributes: readAttributes(reader) }
    case PACKET.rmdir:
      return { id, verb: 'rmdir', path: reader.text() }
    case PACKET.realpath:
      return { id, verb: 'realpath', path: reader.text() }
    case PACKET.stat:
      return { id, verb: 'stat', path: reader.text() }
    case PACKET.rename:
      return { id, verb: 'rename', from: reader.text(), to: reader.text() }
    case PACKET.readlink:
      return { id, verb: 'readlink', path: reader.text() }
    case PACKET.symlink:
      // OpenSSH's order, which every client has taken over: the draft has them the other way round.
      return { id, verb: 'symlink', target: reader.text(), path: reader.text() }
    case PACKET.extended:
      return decodeExtended(id, reader)
    default:
      return { id, verb: 'unknown', name: `packet ${type}` }
  }
}

function decodeExtended(id: number, reader: PacketReader): SftpRequest {
  const name = reader.text()
  if (!isExtension(name)) return { id, verb: 'unknown', name }
  switch (name) {
    case 'posix-rename@openssh.com':
      return { id, verb: 'posix-rename', from: reader.text(), to: reader.text() }
    case 'hardlink@openssh.com':
      return { id, verb: 'hardlink', from: reader.text(), to: reader.text() }
    case 'statvfs@openssh.com':
      return { id, verb: 'statvfs', path: reader.text() }
    case 'fstatvfs@openssh.com':
      return { id, verb: 'fstatvfs', handle: reader.bytes() }
    case 'fsync@openssh.com':
      return { id, verb: 'fsync', handle: reader.bytes() }
    case 'lsetstat@openssh.com':
      return { id, verb: 'lsetstat', path: reader.text(), attributes: readAttributes(reader) }
    case 'limits@openssh.com':
      return { id, verb: 'limits' }
    case 'expand-path@openssh.com':
      return { id, verb: 'expand-path', path: reader.text() }
    case 'copy-data':
      return {
        id,
        verb: 'copy-data',
        from: reader.bytes(),
        fromOffset: reader.uint64(),
        length: reader.uint64(),
        to: reader.bytes(),
        toOffset: reader.uint64(),
      }
    case 'home-directory':
      return { id, verb: 'home-directory', user: reader.text() }
    case 'users-groups-by-id@openssh.com':
      return { id, verb: 'users-groups', users: readNumbers(reader.bytes()), groups: readNumbers(reader.bytes()) }
    default:
      return name satisfies never
  }
}

function isExtension(name: string): name is ExtensionName {
  return Object.hasOwn(EXTENSIONS, name)
}

function readNumbers(bytes: Buffer): number[] {
  if (bytes.length % 4 !== 0) throw new MalformedPacket('A list of numbers ends within one.')
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt32BE(at * 4))
}
