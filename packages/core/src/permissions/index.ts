export {
  PRINCIPAL_KINDS,
  authorisationMatrix,
  type MatrixInput,
  type MatrixRow,
  type PrincipalKind,
  type Verdict,
} from './authorisation-matrix.ts'
export {
  ACCOUNT_PERMISSIONS,
  ADMIN_PERMISSIONS,
  SERVER_PERMISSIONS,
  type AccountPermission,
  type AdminPermission,
  type ServerPermission,
} from './catalogue.ts'
export { EVERYTHING, hasPermission, knownGrants, missingGrants, normaliseGrants } from './grants.ts'
export { permissionGroups, type PermissionGroup } from './groups.ts'
export { keyAllows, keyPermissionName } from './key-limits.ts'
export { permissionOf, type PermissionRequest, type RequiredPermission } from './permission-of.ts'
export type { PermissionSpec } from './permission-spec.ts'
export { PRESETS, presetOf, type PresetName } from './presets.ts'
