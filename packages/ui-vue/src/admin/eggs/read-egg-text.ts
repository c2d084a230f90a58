import type { Egg, EggFinding } from '@hatchery/core/eggs'

/** An egg with everything its file says, and what will not work or is risky about it. */
export interface ReadEgg {
  readonly egg: Egg | null
  readonly findings: readonly EggFinding[]
}

/** Reads an egg in the browser; the library for it is loaded with the first one. */
export async function readEggText(text: string, fileName: string): Promise<ReadEgg> {
  const { parseEgg, lintEgg } = await import('@hatchery/core/eggs')
  const { egg } = await parseEgg(text, { fileName })
  return { egg, findings: egg ? lintEgg(egg) : [] }
}

/** The egg as a file of its own format, with everything mended that a machine can; undefined where there is nothing. */
export async function mendedFile(
  { egg, findings }: ReadEgg,
  format: string,
): Promise<{ readonly text: string } | undefined> {
  if (!egg || !findings.some(({ edit }) => edit)) return undefined
  const { exportEgg, fixEgg } = await import('@hatchery/core/eggs')
  const target = format.startsWith('PTDL') ? 'PTDL_v2' : format.startsWith('PLCN') ? 'PLCN_v3' : asTarget(format)
  const { text } = await exportEgg(fixEgg(egg, findings), target)
  return { text }
}

const asTarget = (format: string): 'calagopus' | 'hatchery' => (format === 'calagopus' ? 'calagopus' : 'hatchery')
