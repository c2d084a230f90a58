import { spawn } from 'node:child_process'
import path from 'node:path'
import type { AcceptanceLine } from '../../scripts/accept.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** A suite of `prove/` as a line; `HATCHERY_ACCEPT_FULL=1` takes its full length. */
export function prove(suite: string, requirement: string): AcceptanceLine {
  const mode = process.env['HATCHERY_ACCEPT_FULL'] === '1' ? '--full' : '--quick'
  const argv = ['--conditions=@hatchery/source', path.join(ROOT, 'prove', suite, 'main.ts'), mode]
  return { requirement, measure: () => judge(argv) }
}

/** A file of tests as a line. */
export function tests(project: string, file: string, requirement: string): AcceptanceLine {
  const argv = [path.join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', project, file]
  return { requirement, measure: () => judge([...argv, '--reporter=dot', '--maxWorkers=1'], { NO_COLOR: '1' }) }
}

/** A script of the repository as a line, with all that it says. */
export function script(file: string, argv: readonly string[], requirement: string): AcceptanceLine {
  const program = ['--conditions=@hatchery/source', path.join(ROOT, file), ...argv]
  return { requirement, measure: () => judge(program, {}, Number.POSITIVE_INFINITY) }
}

/** Runs a program that says in its last lines what it found, and in its exit code whether that is right. */
async function judge(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  lines = 8,
): Promise<{ figure: string; passed: boolean }> {
  const child = spawn(process.execPath, argv, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const said = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return { figure: said.slice(-lines).join('\n      '), passed: code === 0 }
}
