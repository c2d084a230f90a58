import { Type } from 'typebox'
import { Bytes, contract } from './contract.ts'
import { Page, PageOf, ServerRef, Timestamp, Uuid } from './schemas/common.ts'
import { UsageEntry, UsageRecord } from './schemas/usage.ts'

const Range = {
  /** Records of hours that begin at this time or later. */
  from: Type.Optional(Timestamp),
  /** Records of hours that begin before this time. */
  to: Type.Optional(Timestamp),
}
const Filters = {
  ...Range,
  server: Type.Optional(Uuid),
  owner: Type.Optional(Uuid),
  node: Type.Optional(Uuid),
}

export const readServerUsage = contract({
  method: 'GET',
  path: '/servers/:server/usage',
  tag: 'Usage',
  summary: 'Read what a server used, hour by hour, newest first',
  class: 'read',
  permission: { server: 'websocket.connect' },
  params: Type.Object({ server: ServerRef }),
  query: Type.Object({
    ...Page,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    ...Range,
  }),
  response: { 200: PageOf(UsageRecord) },
  errors: ['SERVER_NOT_FOUND', 'CURSOR_INVALID'],
})

export const listUsage = contract({
  method: 'GET',
  path: '/usage',
  tag: 'Usage',
  summary: 'List what servers used, hour by hour, newest first',
  description: 'Records are kept for 13 months, those of deleted servers too.',
  class: 'read',
  permission: { admin: 'servers.read' },
  query: Type.Object({
    ...Page,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    ...Filters,
  }),
  response: { 200: PageOf(UsageEntry) },
  errors: ['CURSOR_INVALID'],
})

export const exportUsage = contract({
  method: 'GET',
  path: '/usage/export',
  tag: 'Usage',
  summary: 'Download usage records as CSV, oldest first',
  description: 'UTF-8, comma-separated, one line of headings. Times are ISO 8601 in UTC.',
  class: 'read',
  permission: { admin: 'servers.read' },
  query: Type.Object(Filters),
  response: { 200: Bytes },
  rate: 'expensive',
})
