import { Type } from 'typebox'
import { contract } from './contract.ts'
import { Nothing, Page, PageOf, ServerRef, Uuid } from './schemas/common.ts'
import { Subuser } from './schemas/identity.ts'

const Permissions = Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 100 })

export const listSubusers = contract({
  method: 'GET',
  path: '/servers/:server/subusers',
  tag: 'Subusers',
  summary: 'List who has access to a server',
  class: 'read',
  permission: { server: 'user.read' },
  params: Type.Object({ server: ServerRef }),
  query: Type.Object(Page),
  response: { 200: PageOf(Subuser) },
  errors: ['SERVER_NOT_FOUND'],
})

export const createSubuser = contract({
  method: 'POST',
  path: '/servers/:server/subusers',
  tag: 'Subusers',
  summary: 'Give somebody access to a server; nobody grants what they lack',
  class: 'at-most-once',
  permission: { server: 'user.create' },
  params: Type.Object({ server: ServerRef }),
  body: Type.Object({ email: Type.String({ maxLength: 254 }), permissions: Permissions }),
  response: { 201: Subuser },
  errors: ['SERVER_NOT_FOUND', 'USER_NOT_FOUND', 'SUBUSER_EXISTS', 'SUBUSER_IS_OWNER', 'GRANT_EXCEEDS_OWN'],
})

export const updateSubuser = contract({
  method: 'PATCH',
  path: '/servers/:server/subusers/:user',
  tag: 'Subusers',
  summary: 'Change what somebody may do on a server',
  class: 'converge',
  permission: { server: 'user.update' },
  params: Type.Object({ server: ServerRef, user: Uuid }),
  body: Type.Object({ permissions: Permissions }),
  response: { 200: Subuser },
  errors: ['SERVER_NOT_FOUND', 'SUBUSER_NOT_FOUND', 'GRANT_EXCEEDS_OWN', 'REVISION_MISMATCH'],
})

export const deleteSubuser = contract({
  method: 'DELETE',
  path: '/servers/:server/subusers/:user',
  tag: 'Subusers',
  summary: 'Take away access; live channels close at once',
  class: 'converge',
  permission: { server: 'user.delete' },
  params: Type.Object({ server: ServerRef, user: Uuid }),
  response: { 200: Nothing },
  errors: ['SERVER_NOT_FOUND', 'SUBUSER_NOT_FOUND'],
})
