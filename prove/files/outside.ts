import { chmod, chown, lstat, mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Owner } from './subject.ts'
import { tarOf } from './tar-of.ts'

/** Content of every file outside; no file inside has its length. */
export const SECRET = 'the secret of somebody else'
/** A name that no directory inside has. */
export const ONLY_OUTSIDE = 'only-outside'
/** When every file outside was changed; nothing inside is that old. */
export const OUTSIDE_AT_S = 1_100_000_000

const FILES: Readonly<Record<string, Buffer>> = {
  ...Object.fromEntries(['file', 'victim', 'deep/file', ONLY_OUTSIDE].map((name) => [name, Buffer.from(SECRET)])),
  packed: await tarOf({ planted: SECRET, [ONLY_OUTSIDE]: SECRET }),
}
const FILE_MODE = 0o644
const DIRECTORY_MODE = 0o755

/** A directory that no server may reach, and what has happened to it. */
export class Outside {
  readonly directory: string
  readonly #owner: Owner

  constructor(directory: string, owner: Owner) {
    this.directory = directory
    this.#owner = owner
  }

  async restore(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
    for (const directory of [this.directory, path.join(this.directory, 'deep')]) {
      await mkdir(directory, { recursive: true })
      await chmod(directory, DIRECTORY_MODE)
      // The attacker owns it: it is the walk that has to stop, not the kernel's permissions.
      await chown(directory, this.#owner.uid, this.#owner.gid)
    }
    for (const [file, content] of Object.entries(FILES)) {
      const target = path.join(this.directory, file)
      await writeFile(target, content)
      await chmod(target, FILE_MODE)
      await chown(target, this.#owner.uid, this.#owner.gid)
      await utimes(target, OUTSIDE_AT_S, OUTSIDE_AT_S)
    }
  }

  /** Whether anything in it is another than at the beginning: a name, content, mode, owner, time or number of names. */
  async isChanged(): Promise<boolean> {
    try {
      if ((await readdir(this.directory, { recursive: true })).length !== Object.keys(FILES).length + 1) return true
      for (const directory of [this.directory, path.join(this.directory, 'deep')]) {
        const { mode, uid, gid } = await lstat(directory)
        if ((mode & 0o7777) !== DIRECTORY_MODE || uid !== this.#owner.uid || gid !== this.#owner.gid) return true
      }
      for (const [file, content] of Object.entries(FILES)) {
        const target = path.join(this.directory, file)
        const { mode, mtimeMs, nlink, uid, gid } = await lstat(target)
        if ((mode & 0o7777) !== FILE_MODE || mtimeMs !== OUTSIDE_AT_S * 1000 || nlink !== 1) return true
        if (uid !== this.#owner.uid || gid !== this.#owner.gid) return true
        if (!(await readFile(target)).equals(content)) return true
      }
      return false
    } catch {
      // Something of it is gone.
      return true
    }
  }
}
