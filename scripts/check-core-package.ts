// Installs @hatchery/core outside of the repository, as somebody who depends on it would, and uses it on the oldest Node that it
// promises, on this one, on Node 26, in Chromium and in workers. Needs the build of core; `--build` makes it.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { isDeepStrictEqual } from 'node:util'
import { bundleCore, bundleExercise } from '../test/core-package/bundle-core.ts'
import { installCore, run } from '../test/core-package/install-core.ts'
import { nodeVersions } from '../test/core-package/node-versions.ts'
import { runInChromium } from '../test/core-package/run-in-chromium.ts'

const MAX_PACKAGES = 6
const MAX_BYTES = 4_000_000
const MAX_START_BYTES = 40_000

const root = path.resolve(import.meta.dirname, '..')
if (process.argv.includes('--build')) run('npm', ['run', 'build', '-w', 'packages/core'], root)
const directory = mkdtempSync(path.join(os.tmpdir(), 'hatchery-core-'))
let failures = 0

try {
  const core = installCore(directory)
  const { folder } = core
  report(core.packages.length <= MAX_PACKAGES, `${core.packages.length} packages: ${core.packages.join(', ')}`)
  report(
    core.diskBytes <= MAX_BYTES,
    `${kilo(core.diskBytes)} on disk, ${kilo(core.bytes)} of files, ${kilo(core.tarballBytes)} as a tarball`,
  )
  report(
    core.suspects.length === 0,
    `no install script, no native code${core.suspects.map((text) => `\n       ${text}`).join('')}`,
  )

  const answers: { readonly where: string; readonly answer: unknown }[] = []
  for (const { version, program } of nodeVersions()) {
    const [main, worker] = run(program, ['in-node.js'], folder).trim().split('\n')
    answers.push(
      { where: version, answer: JSON.parse(main ?? '') },
      { where: `${version}, worker`, answer: JSON.parse(worker ?? '') },
    )
    checkCommand(program, version, folder)
  }
  const [page, worker] = await runInChromium(await bundleExercise(folder))
  answers.push({ where: 'Chromium', answer: page }, { where: 'Chromium, module worker', answer: worker })
  const [first] = answers
  for (const { where, answer } of answers) {
    report(
      isDeepStrictEqual(answer, first?.answer),
      `${where}: parses, exports, checks, patches, resolves and lints alike`,
    )
  }

  const bundle = await bundleCore(folder)
  report(
    bundle.startBytes <= MAX_START_BYTES,
    `core/eggs in a browser: ${kilo(bundle.startBytes)} gzip at the start, ${kilo(bundle.laterBytes)} in ${bundle.laterFiles} files later`,
  )
  report(
    bundle.misplaced.length === 0,
    `YAML, XML and TOML come later${bundle.misplaced.map((text) => `\n       ${text}`).join('')}`,
  )

  checkTypes(folder)
  checkAwaits(folder)
} finally {
  rmSync(directory, { recursive: true, force: true })
}
console.log(failures === 0 ? 'The package of core is what it promises.' : `${failures} promises are broken.`)
process.exitCode = failures === 0 ? 0 : 1

function report(isKept: boolean, text: string): void {
  if (!isKept) failures++
  console.log(`${isKept ? 'ok    ' : 'FAILED'} ${text}`)
}

function kilo(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}

/** `npx @hatchery/core egg …` starts the one program of the package. */
function checkCommand(program: string, version: string, folder: string): void {
  const egg = path.join(root, 'test/eggs/egg-minetest.json')
  const output = run(
    program,
    [path.join('node_modules', '.bin', 'hatchery-core'), 'egg', 'inspect', '--json', egg],
    folder,
  )
  const { status } = JSON.parse(output) as { status: string }
  report(status === 'clean', `${version}: egg inspect by the package's own command`)
}

/** The stable parts are typed without Node's types, without typebox, and with every declaration file checked. */
function checkTypes(folder: string): void {
  const options = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'dom'],
    types: [],
    skipLibCheck: false,
  }
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }),
  )
  run(process.execPath, [path.join(root, 'node_modules/typescript-7/bin/tsc'), '-p', folder], folder)
  report(true, 'types of the stable parts, with nothing else installed')
}

/** Nothing waits at the top level, also in the parts that need their peer: then any module may be required. */
function checkAwaits(folder: string): void {
  for (const peer of ['typebox', 're2js']) {
    cpSync(path.join(root, 'node_modules', peer), path.join(folder, 'node_modules', peer), { recursive: true })
  }
  for (const { version, program } of nodeVersions()) {
    const count = run(program, ['required.cjs'], folder).trim().split('\n').at(-1)
    report(true, `${version}: ${count} can be required, so none of them waits at the top level`)
  }
}
