import { Type } from 'typebox'
import { contract } from './contract.ts'
import { Description, ExternalId, Name, Nullable, Page, PageOf, Uuid } from './schemas/common.ts'
import { Orphan } from './schemas/orphans.ts'
import { Limits, OperationRef, Server } from './schemas/servers.ts'

const orphanParams = Type.Object({ node: Uuid, server: Uuid })

/** What a node keeps and the panel does not know is listed, and nothing more happens to it by itself (RULES 1). */
export const listOrphans = contract({
  method: 'GET',
  path: '/nodes/:node/orphans',
  tag: 'Nodes',
  summary: 'List the servers that a node keeps and the panel does not know there',
  class: 'read',
  permission: { admin: 'nodes.read' },
  params: Type.Object({ node: Uuid }),
  query: Type.Object(Page),
  response: { 200: PageOf(Orphan) },
  errors: ['NODE_NOT_FOUND', 'CURSOR_INVALID'],
})

export const adoptOrphan = contract({
  method: 'POST',
  path: '/nodes/:node/orphans/:server/adopt',
  tag: 'Nodes',
  summary: 'Take an orphaned server over, with its id and its files',
  description: 'The server counts as installed: no install script runs. It keeps running if it runs.',
  class: 'at-most-once',
  permission: { admin: 'servers.create' },
  params: orphanParams,
  body: Type.Object({
    egg: Uuid,
    name: Name,
    description: Type.Optional(Description),
    owner: Uuid,
    externalId: Type.Optional(Nullable(ExternalId)),
    image: Type.Optional(Type.String({ maxLength: 512 })),
    startupCommand: Type.Optional(Type.String({ maxLength: 16_384 })),
    variables: Type.Optional(Type.Record(Type.String({ pattern: '^\\w{1,191}$' }), Type.String({ maxLength: 65_536 }))),
    limits: Limits,
    /** Without it, a free address of the node is taken. */
    allocation: Type.Optional(Uuid),
    additionalAllocations: Type.Optional(Type.Array(Uuid, { maxItems: 100 })),
  }),
  response: { 201: Server },
  errors: [
    'ORPHAN_NOT_FOUND',
    'ORPHAN_ELSEWHERE',
    'SERVER_BUSY',
    'NODE_NOT_FOUND',
    'NODE_IN_RECOVERY',
    'NODE_UNSUPPORTED',
    'EGG_NOT_FOUND',
    'USER_NOT_FOUND',
    'ALLOCATION_NOT_FOUND',
    'ALLOCATION_IN_USE',
    'NO_FREE_ALLOCATION',
    'NODE_FULL',
    'VARIABLE_INVALID',
    'IMAGE_NOT_ALLOWED',
    'EXTERNAL_ID_EXISTS',
  ],
  rate: 'expensive',
})

export const removeOrphan = contract({
  method: 'DELETE',
  path: '/nodes/:node/orphans/:server',
  tag: 'Nodes',
  summary: 'Remove an orphaned server from its node, with container and files',
  description:
    'Writes a tombstone and tells the node, now or when it connects. What is removed cannot be brought back.',
  class: 'resumable',
  permission: { admin: 'servers.delete' },
  params: orphanParams,
  response: { 202: OperationRef },
  errors: ['ORPHAN_NOT_FOUND', 'ORPHAN_ELSEWHERE', 'NODE_NOT_FOUND', 'NODE_IN_RECOVERY'],
})
