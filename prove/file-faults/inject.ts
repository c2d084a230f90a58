import fs from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'

export type Fault = 'ENOSPC' | 'EIO' | 'EMFILE'
export const FAULTS: readonly Fault[] = ['ENOSPC', 'EIO', 'EMFILE']

/** Calls that take room on the disk. */
const WRITES = [
  'mkdir',
  'rename',
  'link',
  'symlink',
  'handle.write',
  'handle.writeFile',
  'handle.sync',
  'handle.truncate',
]
/** Calls that take a descriptor. */
const OPENS = ['open', 'readdir', 'readFile']
/** Those that wait for their answer; none of them makes a file. */
const SYNC_OPENS = ['openSync']
const SYNC_OTHERS = ['fstatSync', 'lstatSync', 'readlinkSync', 'readSync']
const OTHERS = ['unlink', 'rmdir', 'lstat', 'lchown', 'chown', 'lutimes', 'readlink']
const HANDLE_OTHERS = ['handle.stat', 'handle.read', 'handle.chmod', 'handle.chown', 'handle.utimes']

/** Which calls can meet which fault. An open may also make a file. */
const MEETS: Readonly<Record<Fault, readonly string[]>> = {
  ENOSPC: [...WRITES, 'open'],
  EMFILE: [...OPENS, ...SYNC_OPENS],
  EIO: [...WRITES, ...OPENS, ...OTHERS, ...HANDLE_OTHERS, ...SYNC_OPENS, ...SYNC_OTHERS],
}

const PROMISED = [...WRITES, ...OPENS, ...OTHERS, ...HANDLE_OTHERS]
const SYNCHRONOUS = [...SYNC_OPENS, ...SYNC_OTHERS]

type Method = (...args: unknown[]) => unknown

/**
 * Lets the n-th call of the file system fail: each call of `node:fs/promises` or `node:fs` is one of the kernel's, or begins
 * with it. A write
 * that fails has written half.
 */
export class FaultInjector {
  #fault: Fault | null = null
  #left = 0
  #isLasting = false
  #hits = 0
  /** The call that failed first. */
  #met = ''

  static async install(): Promise<FaultInjector> {
    const injector = new FaultInjector()
    const promises = fs.promises as unknown as Record<string, Method>
    await using handle = await open(process.execPath)
    const prototype = Object.getPrototypeOf(handle) as Record<string, Method>
    for (const name of PROMISED) {
      const isHandle = name.startsWith('handle.')
      const [owner, key] = isHandle ? [prototype, name.slice('handle.'.length)] : [promises, name]
      const original = owner[key]!
      owner[key] = async function (this: unknown, ...args: unknown[]) {
        const error = injector.#next(name, args)
        if (!error) return original.apply(this, args)
        if (key === 'write' || key === 'writeFile') await writeHalf(this as FileHandle, original, args)
        throw error
      }
    }
    for (const name of SYNCHRONOUS) {
      const calls = fs as unknown as Record<string, Method>
      const original = calls[name]!
      calls[name] = (...args) => {
        const error = injector.#next(name, args)
        if (error) throw error
        return original(...args)
      }
    }
    syncBuiltinESMExports()
    return injector
  }

  /** From now on: the n-th call that can fails like this, and all after it when it lasts. */
  arm(fault: Fault, nth: number, isLasting: boolean): void {
    this.#fault = fault
    this.#left = nth
    this.#isLasting = isLasting
    this.#hits = 0
    this.#met = ''
  }

  /** Everything works again. @returns what failed first; null when so many calls never came */
  disarm(): string | null {
    this.#fault = null
    return this.#hits > 0 ? this.#met : null
  }

  #next(name: string, args: readonly unknown[]): Error | null {
    const fault = this.#fault
    if (fault === null || !MEETS[fault].includes(name)) return null
    // Without O_CREAT nothing is made.
    if (fault === 'ENOSPC' && name === 'open' && ((args[1] as number) & fs.constants.O_CREAT) === 0) return null
    this.#left -= 1
    if (this.#left > 0 || (this.#left < 0 && !this.#isLasting)) return null
    this.#hits += 1
    if (this.#hits === 1) this.#met = name
    return Object.assign(new Error(`${fault}: injected, ${name}`), { code: fault, syscall: name })
  }
}

async function writeHalf(handle: FileHandle, original: Method, args: readonly unknown[]): Promise<void> {
  const bytes = args[0]
  if (!(bytes instanceof Uint8Array)) return
  // The arguments of `write` are bytes, offset, length and position.
  if (args.length >= 4) await original.call(handle, bytes, args[1], Math.floor((args[2] as number) / 2), args[3])
  else await original.call(handle, bytes.subarray(0, bytes.length / 2))
}
