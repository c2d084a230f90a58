/** Paths as the API has them: below the server's root, `/` between names, `''` for the root itself. */
export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** The directory something lies in. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** In small letters and without its dot; empty for names such as `.env` that only begin with one. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : ''
}

/** Every directory on the way to a path, from the first below the root on. */
export function stepsOf(path: string): readonly { readonly name: string; readonly path: string }[] {
  const names = path.split('/').filter(Boolean)
  return names.map((name, index) => ({ name, path: names.slice(0, index + 1).join('/') }))
}

/**
 * A path as the query of an address. Names with bytes that are no UTF-8 hold lone surrogates (U+DC80 to U+DCFF), which no
 * address can carry: they go as all their bytes in base64url.
 */
export function pathToQuery(path: string): { readonly path: string } | { readonly pathBytes: string } {
  return path.isWellFormed() ? { path } : { pathBytes: pathToBase64Url(path) }
}

/** All bytes of a path in base64url. */
export function pathToBase64Url(path: string): string {
  return toBase64Url(bytesOf(path))
}

/** The path that an address of this app names. */
export function pathFromQuery(query: { readonly [key: string]: unknown }): string {
  if (typeof query['pathBytes'] === 'string') return textOf(fromBase64Url(query['pathBytes']))
  return typeof query['path'] === 'string' ? query['path'] : ''
}

/** A name that a person can read: bytes that are no UTF-8 become a replacement character. */
export function shownName(name: string): string {
  return name.toWellFormed()
}

function bytesOf(path: string): Uint8Array {
  const encoder = new TextEncoder()
  return Uint8Array.from(
    [...path].flatMap((sign) => {
      const code = sign.codePointAt(0) ?? 0
      return code >= 0xdc80 && code <= 0xdcff ? [code - 0xdc00] : [...encoder.encode(sign)]
    }),
  )
}

function textOf(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = lengthFrom(bytes[at] ?? 0)
    try {
      text += decoder.decode(bytes.subarray(at, at + length))
      at += length
    } catch {
      // This byte begins no sign: it stands for itself.
      text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
      at += 1
    }
  }
  return text
}

const lengthFrom = (first: number): number => (first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4)

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0))
}
