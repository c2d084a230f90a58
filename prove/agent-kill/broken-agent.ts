// Loaded before the agent (`--import`): changes one line of its source, so that it breaks a promise on purpose.
import { registerHooks } from 'node:module'

interface Breakage {
  readonly file: string
  readonly find: string
  readonly replace: string
}

const BREAKAGES: Readonly<Record<string, Breakage>> = {
  // Follows from now on instead of from the last line: what was printed meanwhile is lost.
  'resumes-too-late': {
    file: 'follow-run.ts',
    find: 'const sinceNs = last ?? options.sinceNs',
    replace: 'const sinceNs = `${Date.now()}000000`',
  },
  // Does not drop what it has: everything comes twice.
  'resumes-from-start': {
    file: 'follow-run.ts',
    find: 'const last = console.lastOutputNs',
    replace: 'const last: string | null = null',
  },
  // Trusts nothing that runs: a living server is taken for a dead one.
  'forgets-what-runs': {
    file: 'server-supervisor.ts',
    find: 'isRunning: process?.isRunning ?? false,',
    replace: 'isRunning: false,',
  },
}

const breakage = BREAKAGES[process.env['BROKEN_AGENT'] ?? '']
let isBroken = false
if (breakage) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(`/${breakage.file}`)) return loaded
      const source = String(loaded.source)
      if (!source.includes(breakage.find)) throw new Error(`${breakage.file} has changed: nothing to break.`)
      isBroken = true
      return { ...loaded, source: source.replace(breakage.find, breakage.replace) }
    },
  })
  process.once('exit', () => {
    if (!isBroken) process.stderr.write('nothing was broken\n')
  })
}
