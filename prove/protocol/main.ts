// The protocol under attack: random and mutated bytes at both ends, and the golden vectors recomputed in another language.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'

const isFull = process.argv.includes('--full')
const run = (file: string, argv: readonly string[]) => spawnSync(file, argv, { stdio: 'inherit' }).status === 0

const fuzzed = run(process.execPath, [
  '--conditions=@hatchery/source',
  '--expose-gc',
  path.join(import.meta.dirname, 'fuzz.ts'),
  ...(isFull ? ['--full'] : []),
])
const recomputed = run(process.env['HATCHERY_PYTHON'] ?? 'python3', [path.join(import.meta.dirname, 'vectors.py')])
process.exitCode = fuzzed && recomputed ? 0 : 1
