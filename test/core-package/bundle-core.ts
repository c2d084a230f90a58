import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'

/** What a browser loads of the library. Sizes are those of minified, gzipped files, in bytes. */
export interface CoreBundle {
  /** What `import … from '@hatchery/core/eggs'` costs before anything is called: the entry and all it imports statically. */
  readonly startBytes: number
  /** The parts that are loaded when a call needs them. */
  readonly laterBytes: number
  readonly laterFiles: number
  /** Files of the YAML, XML and TOML parts that would be loaded at the start; there must be none. */
  readonly misplaced: readonly string[]
}

const OPTIONS = {
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  logLevel: 'error',
} as const

/** Bundles every name of core/eggs for browsers, from the installed package. */
export async function bundleCore(project: string): Promise<CoreBundle> {
  const entry = path.join(project, 'all-of-eggs.js')
  writeFileSync(entry, "export * from '@hatchery/core/eggs'\n")
  const outdir = path.join(project, 'bundle-size')
  const { metafile } = await build({ ...OPTIONS, entryPoints: [entry], outdir, metafile: true, absWorkingDir: project })
  const start = staticFiles(metafile)
  const sizes = Object.keys(metafile.outputs).map((file) => ({
    file,
    isStart: start.has(file),
    bytes: gzipSync(readFileSync(path.join(project, file)), { level: 9 }).length,
  }))
  const sum = (isStart: boolean) =>
    sizes.filter((each) => each.isStart === isStart).reduce((total, { bytes }) => total + bytes, 0)
  const inputs = [...start].flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}))
  return {
    startBytes: sum(true),
    laterBytes: sum(false),
    laterFiles: sizes.filter(({ isStart }) => !isStart).length,
    misplaced: inputs.filter((file) => /node_modules\/yaml\/|\/(?:patch|read|[a-z]+)-(?:yaml|xml|toml)\b/.test(file)),
  }
}

/** The file of the entry and everything that it imports without a condition. */
function staticFiles({ outputs }: Metafile): Set<string> {
  const found = new Set<string>()
  const add = (file: string): void => {
    if (found.has(file)) return
    found.add(file)
    for (const { path: imported, kind } of outputs[file]?.imports ?? []) if (kind === 'import-statement') add(imported)
  }
  for (const [file, { entryPoint }] of Object.entries(outputs)) if (entryPoint?.endsWith('all-of-eggs.js')) add(file)
  return found
}

/** Bundles the exercise for a page and its worker. @returns the folder */
export async function bundleExercise(project: string): Promise<string> {
  const outdir = path.join(project, 'site')
  await build({
    ...OPTIONS,
    entryPoints: ['in-browser.js', 'in-worker.js'],
    outdir,
    absWorkingDir: project,
  })
  writeFileSync(
    path.join(outdir, 'index.html'),
    '<!doctype html><title>core</title><script type="module" src="in-browser.js"></script>',
  )
  return outdir
}
