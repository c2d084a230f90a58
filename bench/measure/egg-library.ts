import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { build } from 'esbuild'

const root = path.resolve(import.meta.dirname, '../..')
const corpus = process.env['HATCHERY_EGGS'] ?? path.resolve(root, '../shared/eggs')

/** What a fresh process spends on the library, in milliseconds of processor time. */
export interface EggCosts {
  readonly importMs: number
  /** Every file of the corpus, from its bytes. */
  readonly parseMs: number
  /** Every default against its rules. */
  readonly rulesMs: number
  /** The configuration that Hatchery, Pterodactyl and Pelican make of every egg. */
  readonly processMs: number
  readonly files: number
  readonly eggs: number
  readonly variables: number
}

/** The library as it is published: bundled, without types, the YAML reader a package of its own. */
export interface EggLibrary {
  /** One fresh process, kept on one core where the machine can do that. */
  run(): EggCosts
  [Symbol.dispose](): void
}

export async function openEggLibrary(): Promise<EggLibrary> {
  // Inside the repository, so that its packages are found.
  const folder = mkdtempSync(path.join(root, 'node_modules', '.egg-library-'))
  await build({
    entryPoints: [
      path.join(root, 'packages/core/src/eggs/index.ts'),
      path.join(import.meta.dirname, 'egg-corpus-program.ts'),
    ],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    external: ['yaml'],
    outdir: folder,
    outbase: root,
    logLevel: 'error',
  })
  const eggs = path.join(folder, 'packages/core/src/eggs/index.js')
  const program = [path.join(folder, 'bench/measure/egg-corpus-program.js'), eggs, corpus]
  const isPinned = spawnSync('taskset', ['-c', '0', 'true']).status === 0
  const [command, ...argv] = isPinned
    ? ['taskset', '-c', String(os.availableParallelism() - 1), process.execPath, ...program]
    : [process.execPath, ...program]
  return {
    run() {
      const { stdout, stderr, status } = spawnSync(command ?? '', argv, { encoding: 'utf8' })
      if (status !== 0) throw new Error(`The program that reads the corpus failed: ${stderr}`)
      return JSON.parse(stdout) as EggCosts
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Of several runs the one that cost least: what else the machine does can only add to it. */
export function cheapest(runs: readonly EggCosts[]): EggCosts {
  const [first, ...rest] = runs
  if (!first) throw new Error('Nothing was measured.')
  return rest.reduce((best, run) => (totalOf(run) < totalOf(best) ? run : best), first)
}

/** Everything but the import. */
export const totalOf = ({ parseMs, rulesMs, processMs }: EggCosts): number => parseMs + rulesMs + processMs
