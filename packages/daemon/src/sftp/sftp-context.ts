import { SFTP_VERBS, type SftpVerbName } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { OpenServer } from '../server-files/index.ts'
import type { SftpFiles } from './sftp-files.ts'
import type { SftpHandles } from './sftp-handles.ts'

/** What requests of one session work with. */
export interface SftpContext {
  readonly files: SftpFiles
  readonly handles: SftpHandles
  readonly permissions: ReadonlySet<string>
  /** Name that owners are shown with. */
  readonly ownerName: string
  readonly now: () => number
  /** Something was done; for the record of what happened. */
  readonly onDone: (verb: SftpVerbName, path: string) => void
  /** A file that was written to is closed. */
  readonly onSaved: (path: string) => void
}

export function may({ permissions }: Pick<SftpContext, 'permissions'>, verb: SftpVerbName): boolean {
  const permission = SFTP_VERBS[verb]
  return permission === null || permissions.has(permission)
}

/** @throws AppError `PERMISSION_DENIED` */
export function need(ctx: Pick<SftpContext, 'permissions'>, verb: SftpVerbName): void {
  if (may(ctx, verb)) return
  throw new AppError('PERMISSION_DENIED', { permission: SFTP_VERBS[verb] ?? 'file.sftp' })
}

/** Files for somebody who may do this. @throws AppError `PERMISSION_DENIED`, as `ServerFiles.toRead` */
export function readable(ctx: SftpContext, verb: SftpVerbName): Promise<OpenServer> {
  need(ctx, verb)
  return ctx.files.toRead()
}

/** @throws AppError `PERMISSION_DENIED`, as `ServerFiles.toWrite` */
export function writable(ctx: SftpContext, verb: SftpVerbName): Promise<OpenServer> {
  need(ctx, verb)
  return ctx.files.toWrite()
}

/** A client's path as a path of the tree: the server's root is all there is, and above it is itself. */
export function treePath(path: string): string {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  while (names[0] === '..') names.shift()
  return names.join('/')
}

/** A path without dots, as clients show it. Only its text is looked at. */
export function plainPath(path: string): string {
  const names: string[] = []
  for (const name of path.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return `/${names.join('/')}`
}
