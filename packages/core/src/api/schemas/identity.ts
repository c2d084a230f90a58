import { Type, type Static } from 'typebox'
import { Email, ExternalId, Name, Nullable, OneOf, Revision, Timestamp, Uuid, named } from './common.ts'

export const Username = Type.String({
  minLength: 2,
  maxLength: 191,
  pattern: '^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$',
})
export const Password = Type.String({ minLength: 8, maxLength: 256 })
export const UserState = OneOf(['active', 'frozen', 'suspended'])

export const User = named(
  'User',
  Type.Object({
    id: Uuid,
    email: Email,
    username: Username,
    firstName: Type.String(),
    lastName: Type.String(),
    externalId: Nullable(ExternalId),
    isAdmin: Type.Boolean(),
    state: UserState,
    language: Type.String(),
    serverCount: Type.Integer(),
    createdAt: Timestamp,
    revision: Revision,
  }),
)
export type User = Static<typeof User>

/** Who somebody is to others: enough to show, nothing to abuse. */
export const UserRef = named('UserRef', Type.Object({ id: Uuid, username: Type.String(), email: Type.String() }))
export type UserRef = Static<typeof UserRef>

export const Account = named(
  'Account',
  Type.Object({
    id: Uuid,
    email: Email,
    username: Username,
    firstName: Type.String(),
    lastName: Type.String(),
    isAdmin: Type.Boolean(),
    /** Administrative permissions in force. */
    adminPermissions: Type.Array(Type.String()),
    language: Type.String(),
    /** The password is still the generated first one; the UI shows a banner until it is changed. */
    mustChangePassword: Type.Boolean(),
    revision: Revision,
  }),
)
export type Account = Static<typeof Account>

export const Session = named(
  'Session',
  Type.Object({
    id: Uuid,
    current: Type.Boolean(),
    ip: Type.String(),
    userAgent: Type.String(),
    createdAt: Timestamp,
    lastSeenAt: Timestamp,
    expiresAt: Timestamp,
  }),
)
export type Session = Static<typeof Session>

export const ApiKey = named(
  'ApiKey',
  Type.Object({
    id: Uuid,
    name: Name,
    /** `hk_` and the 16 characters that identify the key; the secret part is never shown again. */
    identifier: Type.String(),
    /** Empty: everything its owner may do. */
    permissions: Type.Array(Type.String()),
    allowedIps: Type.Array(Type.String()),
    lastUsedAt: Nullable(Timestamp),
    expiresAt: Nullable(Timestamp),
    createdAt: Timestamp,
  }),
)
export type ApiKey = Static<typeof ApiKey>

export const Subuser = named(
  'Subuser',
  Type.Object({ user: UserRef, permissions: Type.Array(Type.String()), createdAt: Timestamp, revision: Revision }),
)
export type Subuser = Static<typeof Subuser>
