import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** `hatchery agent …`: the agent's own command line, as a process of its own. The panel never imports it. */
export async function runAgent(argv: readonly string[]): Promise<number> {
  const entry = fileURLToPath(import.meta.resolve('@hatchery/daemon/bin'))
  const child = spawn(process.execPath, [...process.execArgv, entry, ...argv], { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
