import { execFile, spawn } from 'node:child_process'
import { request } from 'node:http'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SOCKET = '/var/run/docker.sock'

/** The name the demo egg asks for. */
export const DEMO_IMAGE = 'hatchery.local/demo-node:1'

/**
 * Imports an image that holds this machine's Node and shell with their libraries, so that the demo needs no registry.
 * @returns false where no Docker engine answers or the machine is no Linux
 */
export async function importDemoImage(): Promise<boolean> {
  if (process.platform !== 'linux' || !existsSync(SOCKET)) return false
  const known = await engine('GET', `/images/${encodeURIComponent(DEMO_IMAGE)}/json`)
  if (known === 200) return true
  const files = new Set<string>(['/bin/sh', process.execPath])
  for (const binary of ['/bin/sh', process.execPath]) {
    const { stdout } = await run('ldd', [binary]).catch(() => ({ stdout: '' }))
    for (const [, file] of stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)) files.add(file!)
  }
  // `-h` follows links, so that the archive holds the files themselves; Node gets a place on the PATH.
  const node = process.execPath.replace(/^\//, '')
  const tar = spawn(
    'tar',
    ['-ch', '-C', '/', '--transform', `s|^${node}$|usr/bin/node|`, ...[...files].map((file) => file.slice(1))],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const [repository, tag] = DEMO_IMAGE.split(/:(?=[^/]*$)/)
  const status = await engine(
    'POST',
    `/images/create?fromSrc=-&repo=${encodeURIComponent(repository!)}&tag=${tag}`,
    tar.stdout,
  )
  return status === 200
}

/** Status code of one call to the engine; 0 when it does not answer. */
function engine(method: string, path: string, body?: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve) => {
    const call = request({
      socketPath: SOCKET,
      method,
      path,
      headers: body ? { 'content-type': 'application/x-tar' } : {},
    })
    call.on('response', (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
    })
    call.on('error', () => resolve(0))
    if (body) body.pipe(call)
    else call.end()
  })
}
