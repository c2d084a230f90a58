import { queryKeys } from '../../api/query-keys.ts'

/** Beside the account's other keys; only these pages read them. */
export const sshQueryKeys = {
  keys: [...queryKeys.account, 'ssh-keys'],
  passwords: [...queryKeys.account, 'app-passwords'],
} as const
