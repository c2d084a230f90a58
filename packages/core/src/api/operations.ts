import { Type } from 'typebox'
import { contract } from './contract.ts'
import { OneOf, Page, PageOf, Uuid } from './schemas/common.ts'
import { ActivityEvent, Operation } from './schemas/servers.ts'

const params = Type.Object({ operation: Uuid })

export const listOperations = contract({
  method: 'GET',
  path: '/operations',
  tag: 'Operations',
  summary: 'List jobs of the servers the caller has access to, newest first',
  class: 'read',
  permission: { account: 'operations.read' },
  query: Type.Object({ ...Page, status: Type.Optional(OneOf(['active', 'finished'])), server: Type.Optional(Uuid) }),
  response: { 200: PageOf(Operation) },
})

export const getOperation = contract({
  method: 'GET',
  path: '/operations/:operation',
  tag: 'Operations',
  summary: 'Read a job with its progress',
  class: 'read',
  permission: { account: 'operations.read' },
  params,
  response: { 200: Operation },
  errors: ['OPERATION_NOT_FOUND'],
})

export const cancelOperation = contract({
  method: 'POST',
  path: '/operations/:operation/cancel',
  tag: 'Operations',
  summary: 'Cancel a job; needs the permission that started it',
  class: 'converge',
  permission: { account: 'operations.read' },
  params,
  response: { 202: Operation },
  errors: ['OPERATION_NOT_FOUND', 'OPERATION_FINISHED', 'PERMISSION_DENIED', 'NODE_UNREACHABLE'],
})

export const listActivity = contract({
  method: 'GET',
  path: '/activity',
  tag: 'Operations',
  summary: 'Read the activity log of the panel, newest first',
  class: 'read',
  permission: { admin: 'activity.read' },
  query: Type.Object({ ...Page, type: Type.Optional(Type.String({ maxLength: 64 })), user: Type.Optional(Uuid) }),
  response: { 200: PageOf(ActivityEvent) },
})
