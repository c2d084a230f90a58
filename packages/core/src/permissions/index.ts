export {
  ACCOUNT_PERMISSIONS,
  ADMIN_PERMISSIONS,
  SERVER_PERMISSIONS,
  type AccountPermission,
  type AdminPermission,
  type ServerPermission,
} from './catalogue.ts'
