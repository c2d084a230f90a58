import type { Upload } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import type { UploadState } from '@hatchery/core/runtime'
import { uploadExpiry, type OpenServer } from './server-files.ts'

/** An upload as its owner sees it. @throws AppError `UPLOAD_NOT_FOUND`, also for one of somebody else */
export async function ownUpload({ tree }: OpenServer, id: string, owner: string): Promise<UploadState> {
  return requireUploader(await tree.uploads.find(id), id, owner)
}

/** @throws AppError `UPLOAD_NOT_FOUND` */
export function requireUploader(state: UploadState | null, id: string, owner: string): UploadState {
  if (!state || state.owner !== owner) throw new AppError('UPLOAD_NOT_FOUND', { id })
  return state
}

/** Adds bytes at the present end of an upload, as far as the quota lets them. Whose it is was looked at before. */
export async function appendToUpload(
  { tree, quota }: OpenServer,
  id: string,
  offset: number,
  bytes: AsyncIterable<Uint8Array>,
): Promise<Upload> {
  return uploadOf(await tree.uploads.append(id, offset, quota.metered(bytes)))
}

export function uploadOf(state: UploadState): Upload {
  const { id, path, sizeBytes, offset } = state
  return { id, path, sizeBytes, offset, expiresAt: uploadExpiry(state) }
}
