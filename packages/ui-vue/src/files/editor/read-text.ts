import type { Client, FileEntry } from '@hatchery/core/sdk'
import { isCompressedFile, MOST_EDITABLE_BYTES } from '../file-kind.ts'
import { extensionOf, nameOf, pathToQuery } from '../file-path.ts'

/** What a file turned out to be. */
export type OpenedFile =
  | {
      readonly kind: 'text'
      readonly text: string
      readonly revision: number
      /** Why it cannot be saved: it lies in an archive, or was decompressed to be read. */
      readonly fixed?: 'member' | 'compressed'
      /** There is more of it than is shown. */
      readonly isCut?: boolean
    }
  | { readonly kind: 'image'; readonly blob: Blob }
  | { readonly kind: 'binary' }
  | { readonly kind: 'too-large'; readonly sizeBytes: number }

const IMAGES = new Set(['png', 'jpg', 'jpeg', 'gif', 'webp', 'bmp', 'ico'])

/** Reads a file that is to be shown: text with the revision it has, or what else it is. */
export async function openFile(
  client: Client,
  server: string,
  path: string,
  signal?: AbortSignal,
  member?: string,
): Promise<OpenedFile> {
  if (member !== undefined) return openMember(client, server, path, member, signal)
  if (isCompressedFile(nameOf(path))) return openCompressed(client, server, path, signal)
  const call = { params: { server }, query: pathToQuery(path), signal }
  const entry: FileEntry = await client.getFile(call)
  if (entry.sizeBytes > MOST_EDITABLE_BYTES) return { kind: 'too-large', sizeBytes: entry.sizeBytes }
  const response = await client.readFile(call)
  const revision = revisionOf(response, entry.revision)
  const bytes = await response.arrayBuffer()
  if (IMAGES.has(extensionOf(entry.name))) return { kind: 'image', blob: new Blob([bytes]) }
  const text = textOf(bytes)
  return text === undefined ? { kind: 'binary' } : { kind: 'text', text, revision }
}

async function openMember(
  client: Client,
  server: string,
  path: string,
  member: string,
  signal?: AbortSignal,
): Promise<OpenedFile> {
  const query = { ...pathToQuery(path), member }
  // One byte more than can be shown tells whether there is more; an archive does not always say how large a member is.
  const headers = { range: `bytes=0-${MOST_EDITABLE_BYTES}` }
  const response = await client.readArchiveMember({ params: { server }, query, headers, signal })
  const bytes = await response.arrayBuffer()
  if (bytes.byteLength > MOST_EDITABLE_BYTES)
    return { kind: 'too-large', sizeBytes: sizeOf(response) ?? bytes.byteLength }
  if (IMAGES.has(extensionOf(nameOf(member)))) return { kind: 'image', blob: new Blob([bytes]) }
  const text = textOf(bytes)
  return text === undefined
    ? { kind: 'binary' }
    : { kind: 'text', text, revision: revisionOf(response), fixed: 'member' }
}

async function openCompressed(client: Client, server: string, path: string, signal?: AbortSignal): Promise<OpenedFile> {
  const query = { ...pathToQuery(path), maxBytes: MOST_EDITABLE_BYTES }
  const response = await client.readDecompressedFile({ params: { server }, query, signal })
  const isCut = response.headers.get('x-truncated') === 'true'
  const text = textOf(await response.arrayBuffer(), isCut)
  return text === undefined
    ? { kind: 'binary' }
    : { kind: 'text', text, revision: revisionOf(response), fixed: 'compressed', isCut }
}

const revisionOf = (response: Response, otherwise = 0): number =>
  Number(response.headers.get('etag')?.replaceAll(/^W\/|"/g, '') ?? otherwise)

/** Size of the whole of which a part was asked for. */
function sizeOf(response: Response): number | undefined {
  const size = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]
  return size === undefined ? undefined : Number(size)
}

/** Text keeps its byte order mark, so that it is there again when it is saved. */
function textOf(bytes: ArrayBuffer, isCut = false): string | undefined {
  try {
    // Where a text was cut, its last character may be cut as well: as a stream, the decoder leaves that out.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut })
    return text.includes('\0') ? undefined : text
  } catch {
    // Not UTF-8: somebody would lose bytes by saving it.
    return undefined
  }
}
