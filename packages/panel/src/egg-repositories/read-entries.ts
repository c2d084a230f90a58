import { parseEgg } from '@hatchery/core/eggs'
import { textHash } from '../eggs/read-egg-file.ts'
import type { GitFile } from './git/read-tree.ts'

/** What is kept of an egg file in a repository. */
export interface Entry {
  readonly path: string
  readonly name: string
  readonly author: string
  readonly description: string
  /** Empty where no egg can be read. */
  readonly format: string
  readonly source_uuid: string | null
  readonly variable_count: number
  readonly error_count: number
  readonly warning_count: number
  readonly source: string
  readonly text_hash: string
}

/** Folders of tools, where no eggs are. */
const ELSEWHERE = /(^|\/)(\.[^/]+|node_modules|vendor)\//

export const isCandidate = (path: string): boolean => /\.(json|ya?ml)$/i.test(path) && !ELSEWHERE.test(path)

/** A file that is broken is shown where it is meant to be an egg; other files of a repository are nobody's business. */
function isMeantAsEgg(path: string, text: string): boolean {
  const name = path.split('/').at(-1) ?? path
  return /^(egg|pterodactyl|pelican)[-_. ]/i.test(name) || /\b(PTDL_v|PLCN_v)\d/.test(text)
}

/** @returns null for a file that is no egg */
export async function readEntry({ path, data }: GitFile): Promise<Entry | null> {
  const fileName = path.split('/').at(-1) ?? path
  const text = data === null ? null : textOf(data)
  const { egg, format, diagnostics } = await parseEgg(data ?? '', { fileName })
  if ((egg === null || format === null) && !isMeantAsEgg(path, text ?? '')) return null
  const count = (wanted: string) => diagnostics.filter(({ severity }) => severity === wanted).length
  const isReadable = egg !== null && format !== null && text !== null
  return {
    path,
    name: (egg?.name || fileName).slice(0, 191),
    author: (egg?.author ?? '').slice(0, 191),
    description: egg?.description ?? '',
    format: isReadable ? format : '',
    source_uuid: egg?.uuid?.slice(0, 64) ?? null,
    variable_count: egg?.variables.length ?? 0,
    error_count: isReadable ? count('error') : Math.max(1, count('error')),
    warning_count: count('warning'),
    source: text ?? '',
    text_hash: textHash(data ?? ''),
  }
}

/** Null where no database column holds it. */
function textOf(data: Buffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
    return text.includes('\0') ? null : text
  } catch {
    // Not UTF-8: nothing that can be shown or imported.
    return null
  }
}
