import { createRequire } from 'node:module'
import type ssh2 from 'ssh2'
import { countBuffersWithTheHeap } from '../count-buffers.ts'

export type { Attributes, Client, SFTPWrapper } from 'ssh2'

type Ssh2 = typeof ssh2

let loaded: Promise<Ssh2> | undefined

/** The library, when SSH is used: an agent without it spares the memory. */
export function loadSsh2(): Promise<Ssh2> {
  if (!loaded) {
    countBuffersWithTheHeap()
    loaded = import('ssh2').then((module) => module.default)
  }
  return loaded
}

/** Whether ssh2 encrypts with its own addon; without it everything works, at a fraction of the speed. */
export function hasNativeCrypto(): boolean {
  try {
    const require = createRequire(import.meta.url)
    createRequire(require.resolve('ssh2'))('./protocol/crypto/build/Release/sshcrypto.node')
    return true
  } catch {
    // Not built, or for another version of Node: ssh2 does without.
    return false
  }
}
