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
  Object.assign(document.createElement('a'), { href, download: '' }).click()
}
