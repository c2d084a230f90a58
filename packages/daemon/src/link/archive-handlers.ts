import { AppError } from '@hatchery/core/errors'
import type { AgentHandlers, DataStream } from '@hatchery/core/protocol'
import type { OpenMember } from '@hatchery/core/runtime'
import type { FileHandlerOptions } from './file-handlers.ts'

const PIECE_BYTES = 256 * 1024

type ArchiveMethod = 'files.archiveList' | 'files.archiveStat' | 'files.archiveRead' | 'files.decompress'

/** What the agent does for the panel with what lies in archives, without unpacking them. */
export function archiveHandlers({
  files,
  sockets,
  onFault,
}: Pick<FileHandlerOptions, 'files' | 'sockets' | 'onFault'>): Pick<AgentHandlers, ArchiveMethod> {
  return {
    async 'files.archiveList'({ server, path, directory, offset, limit }, signal) {
      const { tree } = await files.toRead(server)
      const { members, ...page } = await tree.archives.list(path, { directory, offset, limit, signal })
      return { ...page, members: members.map((member) => ({ ...member })) }
    },

    async 'files.archiveStat'({ server, path, member }) {
      const { tree } = await files.toRead(server)
      await using open = await tree.archives.open(path, member)
      return { entry: { ...(await open.stat()) } }
    },

    async 'files.archiveRead'({ server, path, member, offset, length, ifRevision, ticket }, signal) {
      const { tree } = await files.toRead(server)
      const open = await tree.archives.open(path, member)
      try {
        const entry = await open.stat()
        if (ifRevision !== null && entry.revision !== ifRevision) throw new AppError('REVISION_MISMATCH')
        const end = length === null ? entry.sizeBytes : Math.min(entry.sizeBytes, offset + length)
        const stream = await sockets.open(ticket, signal)
        void sendMember(open, stream, offset, end).catch((error: unknown) => onFault(server, error))
        return { entry: { ...entry } }
      } catch (error) {
        await open[Symbol.asyncDispose]()
        throw error
      }
    },

    async 'files.decompress'({ server, path, maxBytes, ifRevision, ticket }, signal) {
      const { tree } = await files.toRead(server)
      await using open = await tree.archives.open(path, null)
      const entry = await open.stat()
      if (ifRevision !== null && entry.revision !== ifRevision) throw new AppError('REVISION_MISMATCH')
      const pieces = await firstBytes(open, maxBytes + 1, signal)
      const bytes = Buffer.concat(pieces)
      const part = bytes.subarray(0, maxBytes)
      const stream = await sockets.open(ticket, signal)
      void sendBytes(part, stream).catch((error: unknown) => onFault(server, error))
      return { entry: { ...entry }, sizeBytes: part.length, isTruncated: bytes.length > part.length }
    },
  }
}

async function firstBytes(open: OpenMember, maxBytes: number, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < maxBytes;) {
    signal.throwIfAborted()
    const piece = await open.read(at, Math.min(PIECE_BYTES, maxBytes - at))
    if (piece.length === 0) break
    pieces.push(piece)
    at += piece.length
  }
  return pieces
}

async function sendBytes(bytes: Buffer, stream: DataStream): Promise<void> {
  await using _stream = stream
  await stream.send(async function* (offset) {
    for (let at = offset; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
  })
}

async function sendMember(open: OpenMember, stream: DataStream, begin: number, end: number): Promise<void> {
  await using _open = open
  await using _stream = stream
  await stream.send(async function* (offset, signal) {
    for (let at = begin + offset; at < end && !signal.aborted;) {
      const piece = await open.read(at, Math.min(PIECE_BYTES, end - at))
      // Less comes out of it than the archive says.
      if (piece.length === 0) throw new AppError('ARCHIVE_INVALID', { reason: 'it is damaged' })
      yield piece
      at += piece.length
    }
  })
}
