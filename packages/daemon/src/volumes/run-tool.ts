import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { AppError } from '@hatchery/core/errors'

const run = promisify(execFile)
/** The longest is making a file system in a large image. */
const TIMEOUT_MS = 120_000
/** Where systems keep such programs; an agent's own path may lack them. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Runs a program of the system's and answers what it has written.
 * @throws AppError `FILES_UNAVAILABLE` with what it said
 */
export async function runTool(command: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(command, args, {
      timeout: TIMEOUT_MS,
      env: { PATH, LC_ALL: 'C' },
    })
    return stdout
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { readonly stderr?: string }
    const said = code === 'ENOENT' ? 'it is not installed' : stderr.trim().split('\n').at(-1) || String(code)
    throw new AppError('FILES_UNAVAILABLE', { reason: `${command} ${args[0] ?? ''} failed: ${said}` }, { cause: error })
  }
}
