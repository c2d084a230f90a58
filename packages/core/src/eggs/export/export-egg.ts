import type { Egg } from '../model.ts'
import type { EggLoss } from './egg-loss.ts'

export type ExportFormat = 'PTDL_v2' | 'PLCN_v3' | 'calagopus' | 'hatchery'

export interface ExportEggOptions {
  /** PTDL_v2 is always JSON. @default that of the file that the egg was read from, where it had the same format; else JSON */
  readonly encoding?: 'json' | 'yaml'
  /** When the file is written, as in `2026-03-01T12:00:00+00:00`. @default that of the egg */
  readonly exportedAt?: string | null
  /** @default that of the egg */
  readonly uuid?: string | null
  /**
   * PTDL_v2 has two dialects: Pterodactyl's, and that of the first Pelican, with `uuid`, `tags` and `sort`, which
   * Pterodactyl refuses. @default the one of the file that the egg was read from, where that was PTDL_v2; else Pterodactyl's
   */
  readonly dialect?: 'pterodactyl' | 'pelican'
}

export interface ExportedEgg {
  readonly text: string
  /** What the format cannot hold. */
  readonly losses: readonly EggLoss[]
  /** What is written in another way and means the same to the panel that reads it. */
  readonly changes: readonly EggLoss[]
}

/**
 * Writes an egg as a file of the panel that reads this format. An egg that was read from a file of the same format is
 * written as it was; where the panel itself had written that file, byte for byte. The writers are loaded with the first
 * export.
 *
 * @throws TypeError for another format, which the compiler refuses too
 * @example
 * const { text, losses } = await exportEgg(egg, 'PLCN_v3', { encoding: 'yaml' })
 */
export async function exportEgg(egg: Egg, format: ExportFormat, options: ExportEggOptions = {}): Promise<ExportedEgg> {
  const { writeEgg } = await import('./write-egg.ts')
  return writeEgg(egg, format, options)
}
