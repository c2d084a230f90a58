import type { ServerPermission } from '../permissions/catalogue.ts'

/**
 * Permission that each thing done over SFTP or scp needs, the same as by the page (`file.sftp` lets in, and alone does nothing).
 * `null`: whoever is signed in may do it, because it tells and changes nothing. A verb that is not here is refused.
 */
export const SFTP_VERBS = {
  list: 'file.read',
  stat: 'file.read',
  readlink: 'file.read',
  room: 'file.read',
  read: 'file.read-content',
  /** A file, a directory, a link or a second name where nothing was. */
  create: 'file.create',
  /** Content of a file that was there. */
  write: 'file.update',
  /** Name, permissions or times. */
  rename: 'file.update',
  setstat: 'file.update',
  symlink: 'file.update',
  delete: 'file.delete',
  /** Works on the text of a path only. */
  path: null,
  limits: null,
} as const satisfies Readonly<Record<string, ServerPermission | null>>

export type SftpVerbName = keyof typeof SFTP_VERBS
