import type { OpenServer } from '../server-files/index.ts'
import type { FileSystemRoom } from './encode-answer.ts'

/** The files of one server as SFTP and scp reach them. */
export interface SftpFiles {
  /** @throws AppError as `ServerFiles.toRead` */
  toRead(): Promise<OpenServer>
  /** @throws AppError as `ServerFiles.toWrite` */
  toWrite(): Promise<OpenServer>
  /** Who owns everything that is there. */
  readonly owner: { readonly uid: number; readonly gid: number }
  /** Room of the disk, for servers without a limit. */
  diskRoom(): Promise<FileSystemRoom>
}

const KEPT_MS = 1_000

/** Looks at most once a second whether files may still be read and written: thousands of requests come in one. */
export function rememberOpen(files: SftpFiles, now: () => number = performance.now.bind(performance)): SftpFiles {
  const remember = (open: () => Promise<OpenServer>) => {
    let last: Promise<OpenServer> | undefined
    let until = -Infinity
    return () => {
      if (last && now() < until) return last
      until = now() + KEPT_MS
      last = open()
      // What fails is asked anew.
      last.catch(() => (until = -Infinity))
      return last
    }
  }
  return {
    owner: files.owner,
    diskRoom: () => files.diskRoom(),
    toRead: remember(() => files.toRead()),
    toWrite: remember(() => files.toWrite()),
  }
}
