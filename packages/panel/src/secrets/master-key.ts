import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

export const MASTER_KEY_BYTES = 32

/** Reads `master.key` of a data directory, or makes it: 32 random bytes, readable by the owner alone. */
export async function loadMasterKey(directory: string): Promise<Uint8Array> {
  const path = join(directory, 'master.key')
  const existing = await readKey(path)
  if (existing) return existing

  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  // `link` does not replace: of two processes that start at once, one key wins and both read it.
  await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(temporary)
  const made = await readKey(path)
  if (!made) throw new Error(`The master key could not be written to ${path}.`)
  return made
}

async function readKey(path: string): Promise<Uint8Array | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== MASTER_KEY_BYTES)
    throw new Error(`${path} does not hold a master key of ${MASTER_KEY_BYTES} bytes.`)
  if (process.platform !== 'win32') await chmod(path, 0o600)
  return key
}
