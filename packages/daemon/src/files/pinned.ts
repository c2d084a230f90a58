import { closeSync, constants, fstatSync, openSync, type BigIntStats, type Stats } from 'node:fs'

/** `O_PATH`: a descriptor that names a file without opening its content. Node has no name for it. */
const O_PATH = 0o10000000
const PATH_FLAGS = O_PATH | constants.O_NOFOLLOW

/** Something open, by whichever class. */
export interface Descriptor {
  readonly fd: number
}

/** Path of `name` below an open directory; whatever happens to the directory's own path, this stays in it. */
export function below(directory: Descriptor, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directory.fd}/`), name])
}

/** Path of what a descriptor names. */
export const itself = (descriptor: Descriptor) => `/proc/self/fd/${descriptor.fd}`

/**
 * A file, directory or link that stays the same whatever its name comes to mean; its content is not open.
 *
 * Its calls do not leave the thread: each looks up one name, which the kernel nearly always has at hand, in two to five
 * microseconds. Through the pool of threads the same takes twenty times as long, and a walk makes a dozen of them.
 */
export class Pinned implements Descriptor, Disposable {
  readonly fd: number
  #isOpen = true

  private constructor(fd: number) {
    this.fd = fd
  }

  /** Whatever stands there itself: a link in the last place is not followed. Fails like the system call. */
  static open(path: string | Buffer): Pinned {
    return new Pinned(openSync(path, PATH_FLAGS))
  }

  /** Follows links: only for what the kernel itself links to. */
  static follow(path: string): Pinned {
    return new Pinned(openSync(path, O_PATH))
  }

  /** Fails with `ENOTDIR` for anything else, a link included. */
  static openDirectory(path: string | Buffer): Pinned {
    return new Pinned(openSync(path, PATH_FLAGS | constants.O_DIRECTORY))
  }

  /** null when nothing is there. */
  static find(path: string | Buffer): Pinned | null {
    try {
      return Pinned.open(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  stat(): Stats {
    return fstatSync(this.fd)
  }

  bigStat(): BigIntStats {
    return fstatSync(this.fd, { bigint: true })
  }

  /** More than once does no harm: the number may be somebody else's by then. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    closeSync(this.fd)
  }
}
