import type { Client, FileEntry } from '@hatchery/core/sdk'
import { MOST_EDITABLE_BYTES } from '../file-kind.ts'
import { extensionOf, pathToQuery } from '../file-path.ts'

/** What a file turned out to be. */
export type OpenedFile =
  | { readonly kind: 'text'; readonly text: string; readonly revision: number }
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
): Promise<OpenedFile> {
  const call = { params: { server }, query: pathToQuery(path), signal }
  const entry: FileEntry = await client.getFile(call)
  if (entry.sizeBytes > MOST_EDITABLE_BYTES) return { kind: 'too-large', sizeBytes: entry.sizeBytes }
  const response = await client.readFile(call)
  const revision = Number(response.headers.get('etag')?.replaceAll(/^W\/|"/g, '') ?? entry.revision)
  const bytes = await response.arrayBuffer()
  if (IMAGES.has(extensionOf(entry.name))) return { kind: 'image', blob: new Blob([bytes]) }
  const text = textOf(bytes)
  return text === undefined ? { kind: 'binary' } : { kind: 'text', text, revision }
}

/** Text keeps its byte order mark, so that it is there again when it is saved. */
function textOf(bytes: ArrayBuffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    // Not UTF-8: somebody would lose bytes by saving it.
    return undefined
  }
}
