import { useDirectPath } from '../direct/direct-path-store.ts'
import { pathToQuery } from '../file-path.ts'

/**
 * Lets the browser save a file of a server: it comes as an attachment, and goes to the disk as it arrives; from the node itself
 * where that can be reached.
 */
export async function downloadFile(server: string, path: string): Promise<void> {
  const query = new URLSearchParams(pathToQuery(path))
  const relayed = `/api/v1/servers/${encodeURIComponent(server)}/files/content?${query.toString()}`
  const href = (await useDirectPath().download(server, path)) ?? relayed
  saveFrom(href)
}

/** Lets the browser save one file out of an archive. */
export function downloadMember(server: string, path: string, member: string): void {
  const query = new URLSearchParams({ ...pathToQuery(path), member })
  saveFrom(`/api/v1/servers/${encodeURIComponent(server)}/files/archive/content?${query.toString()}`)
}

/** Lets the browser save what an address answers with. */
export function saveFrom(href: string): void {
  Object.assign(document.createElement('a'), { href, download: '' }).click()
}
