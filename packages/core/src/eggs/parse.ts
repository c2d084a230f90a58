import type { Egg, EggDiagnostic, EggFormat } from './model.ts'

export interface ParseEggOptions {
  /** `.yaml` and `.yml` make a text that starts with a brace YAML; otherwise it is JSON. */
  readonly fileName?: string
}

export interface ParsedEgg {
  /** Null where nothing could be read; the diagnostics say why. */
  readonly egg: Egg | null
  /** Null where the input does not say, or says something unknown. */
  readonly format: EggFormat | null
  readonly diagnostics: readonly EggDiagnostic[]
}

/**
 * Reads an egg of any known format, JSON or YAML. Bad input is answered, never thrown at: `diagnostics` say what is
 * wrong and what to do. The readers are loaded with the first egg, that of YAML with the first
 * text that is not JSON.
 *
 * @example
 * const { egg, diagnostics } = await parseEgg(await readFile('egg-minetest.json'))
 */
export async function parseEgg(input: string | Uint8Array | object, options: ParseEggOptions = {}): Promise<ParsedEgg> {
  const { readEgg } = await import('./read-egg.ts')
  return readEgg(input, options)
}
