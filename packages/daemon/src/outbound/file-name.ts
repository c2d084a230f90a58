const MAX_NAME_BYTES = 255

/**
 * The name that a `Content-Disposition` gives (RFC 6266 and 8187), as it stands there; null when it gives none. The extended
 * form comes first.
 */
export function readDispositionName(header: string | undefined): string | null {
  if (header === undefined) return null
  const extended = /(?:^|;)\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)/i.exec(header)
  if (extended) {
    const [, charset = '', text = ''] = extended
    const decoded = decode(text, charset.toLowerCase() === 'utf-8' ? 'utf8' : 'latin1')
    if (decoded !== null) return decoded
  }
  const quoted = /(?:^|;)\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)
  // Headers are read as bytes; what is not ASCII in one is UTF-8 nearly everywhere.
  if (quoted) return Buffer.from(quoted[1]!.replace(/\\(.)/g, '$1'), 'latin1').toString('utf8')
  const token = /(?:^|;)\s*filename\s*=\s*([^;"\s]+)/i.exec(header)
  return token ? token[1]! : null
}

/**
 * The first proposal that can be a file's name, without what leads elsewhere or cannot be seen, and no longer than a name may be.
 * @example nameForFile(['../../etc/passwd', 'download']) // 'passwd'
 */
export function nameForFile(proposals: readonly (string | null)[]): string | null {
  for (const proposal of proposals) {
    const name = proposal === null ? '' : plain(proposal)
    if (name !== '') return shortened(name)
  }
  return null
}

/** The last part of an address, decoded; null when it ends with a slash. */
export function nameOfUrl(url: URL): string | null {
  const last = url.pathname.split('/').at(-1) ?? ''
  return last === '' ? null : (decode(last, 'utf8') ?? last)
}

function plain(text: string): string {
  const last = text.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  // Control characters and those that turn the direction of text: nobody would see what the name really is.
  const visible = last.replace(/[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]/gu, '').trim()
  return /^\.{1,2}$/.test(visible) ? '' : visible
}

/** Cut before its extension, at the end of a character. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  const extension = /\.[^.]{1,20}$/.exec(name)?.[0] ?? ''
  let base = name.slice(0, name.length - extension.length)
  while (Buffer.byteLength(base + extension) > MAX_NAME_BYTES) base = Array.from(base).slice(0, -1).join('')
  return base + extension
}

function decode(text: string, charset: 'utf8' | 'latin1'): string | null {
  if (/%(?![0-9a-f]{2})/i.test(text)) return null
  const bytes = Buffer.from(
    text.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
  return bytes.toString(charset)
}
