import { Type } from 'typebox'
import { contract } from './contract.ts'
import { reads, writes } from './file-errors.ts'
import { Nullable, ServerRef, Timestamp, Uuid, named } from './schemas/common.ts'
import { FileName } from './schemas/files.ts'

const DirectLink = named(
  'DirectLink',
  Type.Object({
    /** Where the node is; `GET {origin}/direct/v1/ping` answers 204 where it can be reached. */
    origin: Type.String(),
    /** To be used once, and begun before it expires. */
    url: Type.String(),
    expiresAt: Timestamp,
  }),
)
/** No link where browsers do not reach the node: that is nothing to complain about. */
const Answer = Type.Object({ link: Nullable(DirectLink) })
const about =
  'The bytes go between the caller and the node, past the panel. Without a link, or where the node cannot be reached, go through the panel instead.'

export const openDirectDownload = contract({
  method: 'POST',
  path: '/servers/:server/files/direct',
  tag: 'Files',
  summary: 'Make a link under which the node itself gives a file',
  description: about,
  class: 'read',
  permission: { server: 'file.read-content' },
  params: Type.Object({ server: ServerRef }),
  body: Type.Object({ path: FileName }),
  response: { 200: Answer },
  errors: [...reads],
  rate: 'write',
})

export const openDirectLive = contract({
  method: 'POST',
  path: '/servers/:server/live/direct',
  tag: 'Servers',
  summary: 'Make a link under which the node itself gives the live topics of a server',
  description:
    'A WebSocket as the live channel of the panel, with `server-stats:<id>`, and `server-console:<id>` for those who may read it. Without `Origin` it opens for callers that sent none here.',
  class: 'read',
  permission: { server: 'websocket.connect' },
  params: Type.Object({ server: ServerRef }),
  response: { 200: Answer },
  errors: ['SERVER_NOT_FOUND', 'SERVER_SUSPENDED', 'NODE_UNREACHABLE'],
  rate: 'write',
})

export const openDirectUpload = contract({
  method: 'POST',
  path: '/servers/:server/files/uploads/:upload/direct',
  tag: 'Files',
  summary: 'Make a link under which the node itself takes the rest of an upload, by `PATCH`',
  description: `${about} What has arrived when a connection breaks is kept: read how far it has come and ask for another link.`,
  class: 'read',
  permission: { server: 'file.create' },
  params: Type.Object({ server: ServerRef, upload: Uuid }),
  response: { 200: Answer },
  errors: [...writes, 'UPLOAD_NOT_FOUND'],
  rate: 'write',
})
