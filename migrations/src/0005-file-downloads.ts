import { id, index, integer, table, text, to, unique, uuid, type Migration } from './table.ts'

/** Links to selections of files that can be downloaded once. */
export const fileDownloads: Migration = {
  name: '0005-file-downloads',
  steps: [
    table('file_downloads', {
      id: id(),
      uuid: uuid(),
      user_id: to('users', 'cascade'),
      server_id: to('servers', 'cascade'),
      selection: text(),
      expires_at: integer(),
    }),
    unique('file_downloads', 'uuid'),
    index('file_downloads', ['user_id']),
    index('file_downloads', ['server_id']),
    index('file_downloads', ['expires_at']),
  ],
}
