import type { Breakage } from '../broken/break-source.ts'

/** Agents that break a promise each; the suite has to notice every one. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
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
