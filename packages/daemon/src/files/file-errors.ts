import { AppError } from '@hatchery/core/errors'

/** Of Linux; errno(3). */
const EDQUOT = 122

/** Gives the kernel's answers our names. A swap under our feet looks like a link that leads out. */
export async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explainFileError(path.slice(0, 200), error)
  }
}

function explainFileError(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error && !(error instanceof AppError) ? codeOf(error) : ''
  const options = { cause: error }
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new AppError('FILE_NOT_FOUND', { path }, options)
    case 'EEXIST':
      return new AppError('FILE_EXISTS', { path }, options)
    case 'ENOTEMPTY':
      return new AppError('DIRECTORY_NOT_EMPTY', { path }, options)
    case 'ELOOP':
    case 'EXDEV':
      return new AppError('PATH_OUTSIDE', { path }, options)
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new AppError('DISK_FULL', { reason: code }, options)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EMLINK':
    case 'ETXTBSY':
    case 'EBUSY':
      return new AppError('FILE_DENIED', { path, reason: code }, options)
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return new AppError('FILES_UNAVAILABLE', { reason: `the machine has too much open (${code})` }, options)
    case 'EIO':
    case 'EREMOTEIO':
    case 'EUCLEAN':
    case 'EBADMSG':
    case 'ESTALE':
      return new AppError('FILES_UNAVAILABLE', { reason: `the disk fails (${code})` }, options)
    case 'EISDIR':
    case 'EINVAL':
    case 'ENAMETOOLONG':
    case 'ENXIO':
      return new AppError('PATH_INVALID', { path }, options)
    default:
      return error
  }
}

/** Node has no name for a full quota and gives its number instead. */
function codeOf(error: { readonly code: unknown; readonly errno?: unknown }): string {
  return error.errno === -EDQUOT ? 'EDQUOT' : String(error.code)
}

export function notFound(path: string): never {
  throw new AppError('FILE_NOT_FOUND', { path: path.slice(0, 200) })
}

export function invalid(path: string): never {
  throw new AppError('PATH_INVALID', { path: path.slice(0, 200) })
}

/** Answers null when it is gone already; other errors go on. */
export function whenGone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
