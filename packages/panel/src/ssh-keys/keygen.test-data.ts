import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Without OpenSSH there is nothing to make keys with. */
export const hasKeygen = spawnSync('which', ['ssh-keygen']).status === 0

export interface MadeKey {
  /** As in the `.pub` file. */
  readonly publicKey: string
  readonly privateKey: string
  /** By RFC 4716. */
  readonly rfc4716: string
  /** What `ssh-keygen -l` says of it. */
  readonly fingerprint: string
  /** Base64 of the wire format. */
  readonly wire: string
}

/** Has the real OpenSSH make a key. @example await makeKey('rsa', 3072) */
export async function makeKey(type: 'ed25519' | 'rsa' | 'ecdsa', bits?: number): Promise<MadeKey> {
  const directory = await mkdtemp(join(tmpdir(), 'hatchery-keygen-'))
  try {
    const file = join(directory, 'key')
    const size = bits === undefined ? [] : ['-b', String(bits)]
    await run('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-C', 'ada@laptop', '-f', file])
    const publicKey = await readFile(`${file}.pub`, 'utf8')
    const listed = await run('ssh-keygen', ['-l', '-f', `${file}.pub`])
    const converted = await run('ssh-keygen', ['-e', '-m', 'RFC4716', '-f', `${file}.pub`])
    return {
      publicKey,
      privateKey: await readFile(file, 'utf8'),
      rfc4716: converted.stdout,
      fingerprint: listed.stdout.split(' ')[1] ?? '',
      wire: publicKey.split(' ')[1] ?? '',
    }
  } finally {
    await rm(directory, { recursive: true })
  }
}
