import {
  ACCOUNT_PERMISSIONS,
  ADMIN_PERMISSIONS,
  SERVER_PERMISSIONS,
} from '../../packages/core/src/permissions/catalogue.ts'

export interface PermissionDoc {
  readonly title: string
  readonly rows: readonly (readonly [name: string, meaning: string])[]
}

declare const data: readonly PermissionDoc[]
export { data }

/** The permission catalogues. */
export default {
  load: (): readonly PermissionDoc[] => [
    { title: 'On a server', rows: Object.entries(SERVER_PERMISSIONS) },
    { title: 'Of an administrator', rows: Object.entries(ADMIN_PERMISSIONS) },
    { title: 'On the own account', rows: Object.entries(ACCOUNT_PERMISSIONS) },
  ],
}
