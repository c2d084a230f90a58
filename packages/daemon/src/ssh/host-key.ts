import { createHash } from 'node:crypto'
import { chmod, link, readFile, unlink, writeFile } from 'node:fs/promises'
import type { ParsedKey } from 'ssh2'
import { loadSsh2 } from './load-ssh2.ts'

/** Keys that ssh2 makes cannot be read back in 0.4 % of all cases (mscdex/ssh2#1390). */
const TRIES = 10

export interface HostKey {
  /** Private key as OpenSSH stores it. */
  readonly privateKey: string
  /** As OpenSSH prints it: `SHA256:` and 43 characters. */
  readonly fingerprint: string
}

/**
 * The ed25519 key of this node, made when there is none yet. It lies in the agent's directory for nobody else to read, and
 * clients recognise the node by it: whoever moves the node takes it along.
 * @throws Error when the file holds something else; it is never replaced by itself
 */
export async function readHostKey(file: string): Promise<HostKey> {
  const stored = await readFile(file, 'utf8').catch(whenMissing)
  const privateKey = stored ?? (await makeHostKey(file))
  const key = await parse(privateKey)
  if (!key) throw new Error(`${file} holds no SSH key. Put the right one back, or move it away to get another one.`)
  if (stored !== null) await chmod(file, 0o600)
  return { privateKey, fingerprint: fingerprintOf(key.getPublicSSH()) }
}

export function fingerprintOf(publicKey: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replace(/=+$/, '')}`
}

async function makeHostKey(file: string): Promise<string> {
  const { utils } = await loadSsh2()
  for (let left = TRIES; left > 0; left -= 1) {
    const { private: made } = utils.generateKeyPairSync('ed25519', { comment: 'hatchery-agent' })
    if (!(await parse(made))) continue
    return store(file, made)
  }
  throw new Error('No host key could be made for SSH.')
}

/** Whole or not at all; one that somebody else has stored meanwhile counts. */
async function store(file: string, privateKey: string): Promise<string> {
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, privateKey, { mode: 0o600, flag: 'wx', flush: true })
  try {
    await link(temporary, file)
    return privateKey
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return await readFile(file, 'utf8')
  } finally {
    await unlink(temporary)
  }
}

async function parse(text: string): Promise<ParsedKey | null> {
  const { utils } = await loadSsh2()
  const key = utils.parseKey(text)
  return key instanceof Error || !key.isPrivateKey() ? null : key
}

function whenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
