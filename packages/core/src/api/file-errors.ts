/** What every endpoint of a server's files may answer. */
export const reach = [
  'SERVER_NOT_FOUND',
  'SERVER_BUSY',
  'SERVER_SUSPENDED',
  'SERVER_NOT_INSTALLED',
  'NODE_UNREACHABLE',
  'NODE_TIMEOUT',
  'NODE_UNSUPPORTED',
  'PATH_INVALID',
  'PATH_OUTSIDE',
  'FILE_DENIED',
] as const
/** Beside that, where something is read. */
export const reads = [...reach, 'FILE_NOT_FOUND'] as const
/** Beside that, where something is changed. */
export const writes = [...reach, 'FILE_PROTECTED', 'FILE_NOT_FOUND', 'DISK_FULL'] as const
