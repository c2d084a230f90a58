import { chmod, lstat, mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ONLY_OUTSIDE, SECRET } from './attempts.ts'

const FILES = ['file', 'victim', 'deep/file', ONLY_OUTSIDE]
const AT_S = 1_700_000_000

/** A directory that no server may reach, and what has happened to it. */
export class Outside {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  async restore(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
    await mkdir(path.join(this.directory, 'deep'), { recursive: true })
    for (const file of FILES) {
      const target = path.join(this.directory, file)
      await writeFile(target, SECRET)
      await chmod(target, 0o644)
      await utimes(target, AT_S, AT_S)
    }
  }

  /** Whether anything in it is another than at the beginning. */
  async isChanged(): Promise<boolean> {
    try {
      if ((await readdir(this.directory, { recursive: true })).length !== FILES.length + 1) return true
      for (const file of FILES) {
        const target = path.join(this.directory, file)
        const { mode, mtimeMs, nlink } = await lstat(target)
        if ((mode & 0o7777) !== 0o644 || mtimeMs !== AT_S * 1000 || nlink !== 1) return true
        if ((await readFile(target, 'utf8')) !== SECRET) return true
      }
      return false
    } catch {
      // Something of it is gone.
      return true
    }
  }
}
