import { createHash } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import { parseEgg, type Egg, type EggFormat, type ParsedEgg } from '@hatchery/core/eggs'

/** An egg file that can be imported. */
export interface EggFile {
  readonly egg: Egg
  readonly format: EggFormat
  readonly fileName: string
  readonly text: string
  readonly diagnostics: ParsedEgg['diagnostics']
}

export const hasErrors = ({ diagnostics }: Pick<ParsedEgg, 'diagnostics'>): boolean =>
  diagnostics.some(({ severity }) => severity === 'error')

/** @throws AppError `EGG_INVALID` with the diagnostics where nothing could be imported */
export async function readEggFile(text: string, fileName?: string): Promise<EggFile> {
  const parsed = await parseEgg(text, fileName === undefined ? {} : { fileName })
  const { egg, format, diagnostics } = parsed
  if (egg === null || format === null || hasErrors(parsed)) {
    const first = diagnostics.find(({ severity }) => severity === 'error')
    throw new AppError('EGG_INVALID', { reason: first?.message ?? 'it is not an egg.', diagnostics })
  }
  return { egg, format, fileName: fileName ?? fileNameOf(egg.name, 'json'), text, diagnostics }
}

/** @example fileNameOf('Paper 1.21', 'json') // 'egg-paper-1-21.json' */
export function fileNameOf(name: string, extension: 'json' | 'yaml'): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 150)
  return `egg-${slug || 'unnamed'}.${extension}`
}

/** What tells whether two files are the same. */
export const textHash = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')
