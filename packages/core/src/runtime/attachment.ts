/**
 * The `Content-Disposition` of a download: every browser saves it under this name, and none shows it (RFC 6266; other letters than
 * those of ASCII as RFC 8187 writes them).
 */
export function attachmentOf(name: string): string {
  const plain = name.toWellFormed()
  const ascii = plain.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(plain).replace(/['()*!]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
