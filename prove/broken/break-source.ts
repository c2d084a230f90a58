// Loaded before a panel or an agent (`--import`) by the negative controls: changes one line of its source, so that it breaks a
// promise on purpose. The environment names the file, the text and what stands there instead.
import { registerHooks } from 'node:module'
import process from 'node:process'

/** One line of source, and what makes it wrong. */
export interface Breakage {
  /** Last part of the file's path. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

const VARIABLE = 'HATCHERY_PROVE_BREAKAGE'

/** What a child process needs in its environment to run broken; nothing for a whole one. */
export function brokenBy(breakage: Breakage | undefined): Readonly<Record<string, string>> {
  if (!breakage) return {}
  return { [VARIABLE]: JSON.stringify(breakage), NODE_OPTIONS: `--import=${import.meta.filename}` }
}

const wanted = process.env[VARIABLE]
if (wanted !== undefined) {
  const breakage = JSON.parse(wanted) as Breakage
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(`/${breakage.file}`)) return loaded
      const source = String(loaded.source)
      if (!source.includes(breakage.find)) throw new Error(`${breakage.file} has changed: nothing to break.`)
      return { ...loaded, source: source.replace(breakage.find, breakage.replace) }
    },
  })
}
