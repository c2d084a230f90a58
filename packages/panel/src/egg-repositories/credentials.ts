import { AppError } from '@hatchery/core/errors'
import type { Context } from '../context.ts'
import type { GitCredentials } from './git/git-remote.ts'

interface Stored {
  readonly uuid: string
  readonly credentials: string | null
}

const placeOf = (uuid: string): string => `egg_repositories:credentials:${uuid}`

/** As they are stored. @throws AppError `EGG_REPOSITORY_CREDENTIALS_OPEN` for an address that is not encrypted */
export function sealCredentials(
  ctx: Pick<Context, 'secrets'>,
  repository: { readonly uuid: string; readonly url: string },
  credentials: GitCredentials | null,
): string | null {
  if (credentials === null) return null
  if (new URL(repository.url).protocol !== 'https:') throw new AppError('EGG_REPOSITORY_CREDENTIALS_OPEN')
  return ctx.secrets.encrypt(JSON.stringify(credentials), placeOf(repository.uuid))
}

export function openCredentials(ctx: Pick<Context, 'secrets'>, { uuid, credentials }: Stored): GitCredentials | null {
  if (credentials === null) return null
  return JSON.parse(Buffer.from(ctx.secrets.decrypt(credentials, placeOf(uuid))).toString('utf8')) as GitCredentials
}
