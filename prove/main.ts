// Runs the fault and abuse suites: each folder here with a `main.ts` is one. `--quick` is what CI runs (≤ 60 s each),
// `--full` is run by hand. A suite also runs its negative control: a broken build that it must catch.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const argv = process.argv.slice(2)
const mode = argv.includes('--full') ? '--full' : '--quick'
const wanted = argv.filter((argument) => !argument.startsWith('--'))
const suites = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(path.join(import.meta.dirname, entry.name, 'main.ts')))
  .map((entry) => entry.name)
  .filter((name) => wanted.length === 0 || wanted.includes(name))

let failed = 0
for (const name of suites) {
  const started = Date.now()
  console.log(`── ${name} ${mode}`)
  const { status } = spawnSync(
    process.execPath,
    ['--conditions=@hatchery/source', path.join(import.meta.dirname, name, 'main.ts'), mode],
    { stdio: 'inherit' },
  )
  if (status !== 0) failed += 1
  console.log(`${status === 0 ? '✔' : '✘'} ${name} (${((Date.now() - started) / 1000).toFixed(0)} s)`)
}
console.log(`${suites.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
