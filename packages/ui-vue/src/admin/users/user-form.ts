import type { User } from '@hatchery/core/sdk'

/** What the dialog of a user holds while it is open. */
export interface UserForm {
  email: string
  username: string
  firstName: string
  lastName: string
  /** Empty keeps the present one. */
  password: string
  isAdmin: boolean
  state: User['state']
}

/** The form as it is opened: of a user, or of a new one. */
export function formOf(user: User | undefined): UserForm {
  return {
    email: user?.email ?? '',
    username: user?.username ?? '',
    firstName: user?.firstName ?? '',
    lastName: user?.lastName ?? '',
    password: '',
    isAdmin: user?.isAdmin ?? false,
    state: user?.state ?? 'active',
  }
}
