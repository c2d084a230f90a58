import { pathToQuery } from '../file-path.ts'

/** Lets the browser save a file of a server: it comes as an attachment, and goes to the disk as it arrives. */
export function downloadFile(server: string, path: string): void {
  const query = new URLSearchParams(pathToQuery(path))
  const href = `/api/v1/servers/${encodeURIComponent(server)}/files/content?${query.toString()}`
  Object.assign(document.createElement('a'), { href, download: '' }).click()
}
