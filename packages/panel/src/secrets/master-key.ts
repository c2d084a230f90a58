import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

export const MASTER_KEY_BYTES = 32

const pathOf = (directory: string): string => join(directory, 'master.key')
const previousPathOf = (directory: string): string => join(directory, 'master.key.previous')

/** Reads `master.key` of a data directory, or makes it: 32 random bytes, readable by the owner alone. */
export async function loadMasterKey(directory: string): Promise<Uint8Array> {
  const path = pathOf(directory)
  const existing = await readKey(path)
  if (existing) return existing

  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = await writeNewKey(directory)
  // `link` does not replace: of two processes that start at once, one key wins and both read it.
  await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(temporary)
  const made = await readKey(path)
  if (!made) throw new Error(`The master key could not be written to ${path}.`)
  return made
}

/** @throws Error when the directory has no key: this is not a panel's, or not the right one */
export async function requireMasterKey(directory: string): Promise<Uint8Array> {
  const key = await readKey(pathOf(directory))
  if (!key) throw new Error(`There is no ${pathOf(directory)}. A panel makes it at its first start.`)
  return key
}

/** The key before, while a rotation is under way; null when none is. */
export function loadPreviousMasterKey(directory: string): Promise<Uint8Array | null> {
  return readKey(previousPathOf(directory))
}

/**
 * Puts a new key in force and keeps the one before beside it. Repeated after it was interrupted anywhere, it goes on; while a
 * rotation is under way it changes nothing. At every moment the directory holds every key that a value may be sealed with.
 * @throws Error when there is no key to rotate
 */
export async function beginKeyRotation(directory: string): Promise<void> {
  const path = pathOf(directory)
  const key = await requireMasterKey(directory)
  const previous = await loadPreviousMasterKey(directory)
  if (previous && !Buffer.from(previous).equals(key)) return
  if (!previous) await link(path, previousPathOf(directory))
  await syncDirectory(directory)
  await rename(await writeNewKey(directory), path)
  await syncDirectory(directory)
}

/** Forgets the key before: no value is sealed with it any more. */
export async function endKeyRotation(directory: string): Promise<void> {
  await rm(previousPathOf(directory), { force: true })
  await syncDirectory(directory)
}

async function writeNewKey(directory: string): Promise<string> {
  const temporary = `${pathOf(directory)}.${randomBytes(6).toString('hex')}`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  return temporary
}

/** What a directory holds outlives a power failure only once the directory itself is on the disk. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
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
