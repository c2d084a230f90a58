import { ADMIN_PERMISSIONS } from '@hatchery/core/permissions'
import type { Account, User } from '@hatchery/core/api'
import type { Selectable } from 'kysely'
import type { Static } from 'typebox'
import type { UsersTable } from '../storage/tables/identity.ts'

export type UserRow = Selectable<UsersTable>

export function toUser(row: UserRow, serverCount: number): Static<typeof User> {
  return {
    id: row.uuid,
    email: row.email,
    username: row.username,
    firstName: row.first_name,
    lastName: row.last_name,
    externalId: row.external_id,
    isAdmin: row.is_admin === 1,
    state: row.state as 'active' | 'frozen' | 'suspended',
    language: row.language,
    serverCount,
    createdAt: row.created_at,
    revision: row.revision,
  }
}

export function toAccount(row: UserRow): Static<typeof Account> {
  return {
    id: row.uuid,
    email: row.email,
    username: row.username,
    firstName: row.first_name,
    lastName: row.last_name,
    isAdmin: row.is_admin === 1,
    adminPermissions: row.is_admin === 1 ? Object.keys(ADMIN_PERMISSIONS) : [],
    language: row.language,
    mustChangePassword: row.must_change_password === 1,
    revision: row.revision,
  }
}

/** E-mail addresses and usernames are kept in lower case: they are the same person however they are typed. */
export function canonical(name: string): string {
  return name.trim().toLowerCase()
}
