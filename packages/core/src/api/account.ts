import { Type } from 'typebox'
import { contract } from './contract.ts'
import { Email, Name, Nothing, Nullable, PageOf, Page, Timestamp, Uuid, named } from './schemas/common.ts'
import { Account, ApiKey, Password, Session } from './schemas/identity.ts'

export const signIn = contract({
  method: 'POST',
  path: '/auth/sign-in',
  tag: 'Account',
  summary: 'Sign in with e-mail (or username) and password',
  description:
    'Sets the session cookie. Wrong attempts are slowed down per address and per account; the right password always gets in.',
  class: 'at-most-once',
  permission: 'public',
  body: Type.Object({
    login: Type.String({ minLength: 1, maxLength: 254 }),
    password: Type.String({ minLength: 1, maxLength: 256 }),
  }),
  response: { 200: Account },
  errors: ['CREDENTIALS_INVALID', 'RATE_LIMITED'],
  rate: 'auth',
})

export const signOut = contract({
  method: 'POST',
  path: '/auth/sign-out',
  tag: 'Account',
  summary: 'End the current session',
  class: 'converge',
  permission: { account: 'account.read' },
  response: { 200: Nothing },
})

export const getAccount = contract({
  method: 'GET',
  path: '/account',
  tag: 'Account',
  summary: 'Read the own account',
  class: 'read',
  permission: { account: 'account.read' },
  response: { 200: Account },
})

export const updateAccount = contract({
  method: 'PATCH',
  path: '/account',
  tag: 'Account',
  summary: 'Change the own profile',
  class: 'converge',
  permission: { account: 'account.update' },
  body: Type.Partial(
    Type.Object({
      firstName: Type.String({ maxLength: 191 }),
      lastName: Type.String({ maxLength: 191 }),
      language: Type.String({ maxLength: 12 }),
    }),
  ),
  response: { 200: Account },
  errors: ['REVISION_MISMATCH'],
})

export const changePassword = contract({
  method: 'POST',
  path: '/account/password',
  tag: 'Account',
  summary: 'Change the own password; every other session ends',
  class: 'converge',
  permission: { account: 'account.update' },
  body: Type.Object({ current: Type.String({ maxLength: 256 }), password: Password }),
  response: { 200: Account },
  errors: ['PASSWORD_WRONG', 'PASSWORD_TOO_WEAK'],
  rate: 'auth',
})

export const changeEmail = contract({
  method: 'POST',
  path: '/account/email',
  tag: 'Account',
  summary: 'Change the own e-mail address',
  class: 'converge',
  permission: { account: 'account.update' },
  body: Type.Object({ current: Type.String({ maxLength: 256 }), email: Email }),
  response: { 200: Account },
  errors: ['PASSWORD_WRONG', 'USER_EXISTS'],
  rate: 'auth',
})

export const listSessions = contract({
  method: 'GET',
  path: '/account/sessions',
  tag: 'Account',
  summary: 'List where the account is signed in',
  class: 'read',
  permission: { account: 'sessions.read' },
  query: Type.Object(Page),
  response: { 200: PageOf(Session) },
})

export const deleteSession = contract({
  method: 'DELETE',
  path: '/account/sessions/:session',
  tag: 'Account',
  summary: 'End a session',
  class: 'converge',
  permission: { account: 'sessions.delete' },
  params: Type.Object({ session: Uuid }),
  response: { 200: Nothing },
  errors: ['SESSION_NOT_FOUND'],
})

export const listApiKeys = contract({
  method: 'GET',
  path: '/account/api-keys',
  tag: 'Account',
  summary: 'List the own API keys',
  class: 'read',
  permission: { account: 'api-keys.read' },
  query: Type.Object(Page),
  response: { 200: PageOf(ApiKey) },
})

export const createApiKey = contract({
  method: 'POST',
  path: '/account/api-keys',
  tag: 'Account',
  summary: 'Create an API key; its secret is shown this once',
  class: 'at-most-once',
  permission: { account: 'api-keys.create' },
  body: Type.Object({
    name: Name,
    permissions: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 200 })),
    allowedIps: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 50 })),
    expiresAt: Type.Optional(Nullable(Timestamp)),
  }),
  response: { 201: named('CreatedApiKey', Type.Object({ key: ApiKey, secret: Type.String() })) },
  errors: ['API_KEY_LIMIT', 'GRANT_EXCEEDS_OWN'],
})

export const deleteApiKey = contract({
  method: 'DELETE',
  path: '/account/api-keys/:key',
  tag: 'Account',
  summary: 'Delete an API key; it stops working at once',
  class: 'converge',
  permission: { account: 'api-keys.delete' },
  params: Type.Object({ key: Uuid }),
  response: { 200: Nothing },
  errors: ['API_KEY_NOT_FOUND'],
})
