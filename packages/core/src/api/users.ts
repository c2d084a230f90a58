import { Type } from 'typebox'
import { contract } from './contract.ts'
import { Email, ExternalId, Nothing, Nullable, Page, PageOf, Uuid } from './schemas/common.ts'
import { Password, User, UserState, Username } from './schemas/identity.ts'

const params = Type.Object({ user: Uuid })

export const listUsers = contract({
  method: 'GET',
  path: '/users',
  tag: 'Users',
  summary: 'List users',
  class: 'read',
  permission: { admin: 'users.read' },
  query: Type.Object({
    ...Page,
    search: Type.Optional(Type.String({ maxLength: 191 })),
    externalId: Type.Optional(ExternalId),
    include: Type.Optional(Type.Literal('total')),
  }),
  response: { 200: PageOf(User) },
})

export const getUser = contract({
  method: 'GET',
  path: '/users/:user',
  tag: 'Users',
  summary: 'Read a user',
  class: 'read',
  permission: { admin: 'users.read' },
  params,
  response: { 200: User },
  errors: ['USER_NOT_FOUND'],
})

export const createUser = contract({
  method: 'POST',
  path: '/users',
  tag: 'Users',
  summary: 'Create a user',
  class: 'at-most-once',
  permission: { admin: 'users.create' },
  body: Type.Object({
    email: Email,
    username: Username,
    firstName: Type.Optional(Type.String({ maxLength: 191 })),
    lastName: Type.Optional(Type.String({ maxLength: 191 })),
    password: Password,
    isAdmin: Type.Optional(Type.Boolean({ default: false })),
    externalId: Type.Optional(Nullable(ExternalId)),
    language: Type.Optional(Type.String({ maxLength: 12 })),
  }),
  response: { 201: User },
  errors: ['USER_EXISTS', 'EXTERNAL_ID_EXISTS', 'PASSWORD_TOO_WEAK'],
  rate: 'write',
})

export const updateUser = contract({
  method: 'PATCH',
  path: '/users/:user',
  tag: 'Users',
  summary: 'Change a user; a frozen or suspended user is signed out everywhere',
  class: 'converge',
  permission: { admin: 'users.update' },
  params,
  body: Type.Partial(
    Type.Object({
      email: Email,
      username: Username,
      firstName: Type.String({ maxLength: 191 }),
      lastName: Type.String({ maxLength: 191 }),
      password: Password,
      isAdmin: Type.Boolean(),
      state: UserState,
      externalId: Nullable(ExternalId),
    }),
  ),
  response: { 200: User },
  errors: ['USER_NOT_FOUND', 'USER_EXISTS', 'EXTERNAL_ID_EXISTS', 'LAST_ADMINISTRATOR', 'REVISION_MISMATCH'],
})

export const deleteUser = contract({
  method: 'DELETE',
  path: '/users/:user',
  tag: 'Users',
  summary: 'Delete a user who owns no servers',
  class: 'converge',
  permission: { admin: 'users.delete' },
  params,
  response: { 200: Nothing },
  errors: ['USER_NOT_FOUND', 'USER_OWNS_SERVERS', 'LAST_ADMINISTRATOR'],
})
