import { mkdir, rm, stat } from 'node:fs/promises'
import type { VolumeDriver } from './volume-driver.ts'

/** Plain directories: works anywhere and holds nothing. What a game writes is noticed when it is counted. */
export const directoryDriver: VolumeDriver = {
  name: 'directory',
  holdsLimits: false,
  async open(home) {
    await mkdir(home, { recursive: true, mode: 0o711 })
  },
  reopen: isThere,
  async limit() {},
  async usage() {
    return null
  },
  async guard() {},
  async remove(home) {
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
  },
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}
