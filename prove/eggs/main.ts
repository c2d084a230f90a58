// Eggs, rules, configuration files and start commands that were made to do harm: nothing is thrown, nothing hangs, nothing
// is changed twice. Then the same against builds that lack a guard, which has to be noticed.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import { BROKEN_BUILDS } from './broken-builds.ts'

const isFull = process.argv.includes('--full')
const argument = (name: string, fallback: number): string => {
  const at = process.argv.indexOf(name)
  return at < 0 ? String(fallback) : (process.argv[at + 1] ?? String(fallback))
}

const fuzz = (argv: readonly string[]) =>
  spawnSync(
    process.execPath,
    [
      '--conditions=@hatchery/source',
      path.join(import.meta.dirname, 'fuzz.ts'),
      '--seed',
      argument('--seed', 20_261_127),
      ...argv,
    ],
    { encoding: 'utf8' },
  )

const clean = fuzz(['--seconds', argument('--seconds', isFull ? 600 : 20)])
process.stdout.write(clean.stdout)
process.stderr.write(clean.stderr)

let missed = 0
for (const [number, { name, target }] of BROKEN_BUILDS.entries()) {
  const { status, signal, stderr } = fuzz(['--seconds', '15', '--target', target, '--broken', String(number)])
  // A guard that is not where it was taken out is no proof.
  const isNoticed = (status === 1 || signal === 'SIGKILL') && !stderr.includes('correct broken-builds.ts')
  if (!isNoticed) missed++
  console.log(`negative control, ${name}: ${isNoticed ? 'noticed' : 'NOT noticed'}`)
  if (!isNoticed) process.stderr.write(stderr)
}
process.exitCode = clean.status === 0 && missed === 0 ? 0 : 1
