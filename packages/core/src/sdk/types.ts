// Written by scripts/generate.ts from the contracts in ../api. Do not edit; run `npm run generate`.

/** Codes a panel without extensions answers with. */
export type ErrorCode = 'BAD_REQUEST'
  | 'VALIDATION_FAILED'
  | 'BODY_TOO_LARGE'
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'ORIGIN_NOT_ALLOWED'
  | 'HOST_NOT_ALLOWED'
  | 'RATE_LIMITED'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'IDEMPOTENCY_IN_PROGRESS'
  | 'REVISION_MISMATCH'
  | 'RANGE_INVALID'
  | 'CURSOR_INVALID'
  | 'INTERNAL'
  | 'OUTBOUND_URL_INVALID'
  | 'OUTBOUND_REFUSED'
  | 'OUTBOUND_FAILED'
  | 'OUTBOUND_TOO_LARGE'
  | 'SERVICE_UNAVAILABLE'
  | 'NOT_SIGNED_IN'
  | 'CREDENTIALS_INVALID'
  | 'PASSWORD_WRONG'
  | 'PASSWORD_TOO_WEAK'
  | 'PERMISSION_DENIED'
  | 'USER_NOT_FOUND'
  | 'USER_EXISTS'
  | 'USER_OWNS_SERVERS'
  | 'LAST_ADMINISTRATOR'
  | 'SESSION_NOT_FOUND'
  | 'API_KEY_NOT_FOUND'
  | 'API_KEY_LIMIT'
  | 'SSH_KEY_INVALID'
  | 'SSH_KEY_EXISTS'
  | 'SSH_KEY_NOT_FOUND'
  | 'SSH_KEY_LIMIT'
  | 'SSH_KEYS_NOT_PUBLISHED'
  | 'APP_PASSWORD_NOT_FOUND'
  | 'APP_PASSWORD_LIMIT'
  | 'SERVER_NOT_FOUND'
  | 'SERVER_BUSY'
  | 'SERVER_SUSPENDED'
  | 'SERVER_NOT_RUNNING'
  | 'SERVER_NOT_INSTALLED'
  | 'VARIABLE_INVALID'
  | 'VARIABLE_NOT_EDITABLE'
  | 'IMAGE_NOT_ALLOWED'
  | 'SUBUSER_NOT_FOUND'
  | 'SUBUSER_EXISTS'
  | 'SUBUSER_IS_OWNER'
  | 'GRANT_EXCEEDS_OWN'
  | 'HOLD_EXISTS'
  | 'HOLD_NOT_FOUND'
  | 'FEATURE_UNKNOWN'
  | 'LOCATION_NOT_FOUND'
  | 'LOCATION_EXISTS'
  | 'LOCATION_IN_USE'
  | 'NODE_NOT_FOUND'
  | 'NODE_EXISTS'
  | 'NODE_IN_USE'
  | 'NODE_UNREACHABLE'
  | 'NODE_TIMEOUT'
  | 'NODE_REFUSED'
  | 'NODE_FULL'
  | 'NODE_UNSUPPORTED'
  | 'NODE_IN_RECOVERY'
  | 'ORPHAN_NOT_FOUND'
  | 'ORPHAN_ELSEWHERE'
  | 'NO_NODE_FITS'
  | 'ALLOCATION_NOT_FOUND'
  | 'ALLOCATION_IN_USE'
  | 'ALLOCATION_EXISTS'
  | 'ALLOCATION_RANGE_INVALID'
  | 'NO_FREE_ALLOCATION'
  | 'NEST_NOT_FOUND'
  | 'NEST_EXISTS'
  | 'NEST_IN_USE'
  | 'EGG_NOT_FOUND'
  | 'EGG_INVALID'
  | 'EGG_IN_USE'
  | 'EGG_NO_UPDATE_SOURCE'
  | 'EGG_UPDATE_CHANGED'
  | 'EGG_REPOSITORY_NOT_FOUND'
  | 'EGG_REPOSITORY_EXISTS'
  | 'EGG_REPOSITORY_EGG_NOT_FOUND'
  | 'EGG_REPOSITORY_BUSY'
  | 'EGG_REPOSITORY_INSTALL_INCOMPLETE'
  | 'EGG_REPOSITORY_CREDENTIALS_OPEN'
  | 'GIT_AUTHENTICATION_FAILED'
  | 'GIT_REPOSITORY_NOT_FOUND'
  | 'GIT_BRANCH_NOT_FOUND'
  | 'GIT_REPOSITORY_TOO_LARGE'
  | 'GIT_PROTOCOL_FAILED'
  | 'OPERATION_NOT_FOUND'
  | 'OPERATION_FINISHED'
  | 'EXTERNAL_ID_EXISTS'
  | 'ENROLMENT_TOKEN_INVALID'
  | 'ENROLMENT_LOCKED'
  | 'INSTALLATION_MISMATCH'
  | 'HANDSHAKE_FAILED'
  | 'PROTOCOL_VERSION'
  | 'PROTOCOL_VIOLATION'
  | 'METHOD_UNKNOWN'
  | 'DEADLINE_EXCEEDED'
  | 'CONNECTION_LOST'
  | 'CANCELLED'
  | 'OPERATION_STALE'
  | 'OPERATION_BODY_MISMATCH'
  | 'IMAGE_INVALID'
  | 'IMAGE_PULL_FAILED'
  | 'INSTALL_FAILED'
  | 'INSTALL_NOT_ISOLATED'
  | 'RUNTIME_UNAVAILABLE'
  | 'RUNTIME_FAILED'
  | 'CONTAINER_CONFLICT'
  | 'PORT_IN_USE'
  | 'PATH_INVALID'
  | 'PATH_OUTSIDE'
  | 'FILE_NOT_FOUND'
  | 'FILE_EXISTS'
  | 'FILE_DENIED'
  | 'FILE_PROTECTED'
  | 'FILE_TOO_LARGE'
  | 'DIRECTORY_NOT_EMPTY'
  | 'FILES_UNAVAILABLE'
  | 'ARCHIVE_INVALID'
  | 'ARCHIVE_UNSUPPORTED'
  | 'ARCHIVE_ENCRYPTED'
  | 'ARCHIVE_MEMBER_NOT_FOUND'
  | 'ARCHIVE_TOO_LARGE'
  | 'FILE_REVISION_NOT_FOUND'
  | 'TRASH_ITEM_NOT_FOUND'
  | 'DIRECT_TOKEN_INVALID'
  | 'PULL_REFUSED'
  | 'PULL_FAILED'
  | 'PULL_LIMIT'
  | 'DOWNLOAD_NOT_FOUND'
  | 'COPY_TARGET_NOT_FOUND'
  | 'RENAME_RULE_INVALID'
  | 'RENAME_CONFLICT'
  | 'UPLOAD_NOT_FOUND'
  | 'UPLOAD_OFFSET'
  | 'UPLOAD_TOO_LONG'
  | 'UPLOAD_INCOMPLETE'
  | 'CONFIG_FILE_FAILED'
  | 'DISK_FULL'

export type HoldKind = 'billing' | 'abuse' | 'admin' | 'quota'

export type OperationStatus = 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'unknown'

export type PowerAction = 'start' | 'stop' | 'restart' | 'kill'

export type ServerState = 'offline' | 'starting' | 'running' | 'stopping' | 'installing' | 'install_failed' | 'restoring' | 'transferring' | 'suspended'

export interface ErrorAnswer {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly details?: Readonly<Record<string, unknown>>
    readonly requestId: string
  }
}

export interface Account {
  readonly id: string
  readonly email: string
  readonly username: string
  readonly firstName: string
  readonly lastName: string
  readonly isAdmin: boolean
  readonly adminPermissions: readonly string[]
  readonly language: string
  readonly mustChangePassword: boolean
  readonly revision: number
}

export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly identifier: string
  readonly permissions: readonly string[]
  readonly allowedIps: readonly string[]
  readonly lastUsedAt: number | null
  readonly expiresAt: number | null
  readonly createdAt: number
}

export interface CreatedApiKey {
  readonly key: ApiKey
  readonly secret: string
}

export interface AppPassword {
  readonly id: string
  readonly name: string
  readonly servers: readonly string[] | null
  readonly allowedIps: readonly string[] | null
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
  readonly lastUsedIp: string | null
  readonly createdAt: number
}

export interface CreatedAppPassword {
  readonly appPassword: AppPassword
  readonly password: string
}

export interface Session {
  readonly id: string
  readonly current: boolean
  readonly ip: string
  readonly userAgent: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
}

export interface SshKey {
  readonly id: string
  readonly name: string
  readonly algorithm: string
  readonly fingerprint: string
  readonly publicKey: string
  readonly servers: readonly string[] | null
  readonly allowedIps: readonly string[] | null
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
  readonly lastUsedIp: string | null
  readonly createdAt: number
}

export interface ImportedSshKeys {
  readonly added: readonly SshKey[]
  readonly known: number
  readonly refused: readonly ({
    readonly algorithm: string
    readonly reason: string
  })[]
}

export interface ActivityEvent {
  readonly id: string
  readonly type: string
  readonly server: string | null
  readonly actor: UserRef | null
  readonly ip: string | null
  readonly data: Readonly<Record<string, unknown>>
  readonly at: number
}

export interface UserRef {
  readonly id: string
  readonly username: string
  readonly email: string
}

export interface NodeHost {
  readonly agentVersion: string
  readonly runtime: string
  readonly isolated: boolean
  readonly capabilities: Readonly<Record<string, boolean>>
  readonly hostname: string
  readonly os: string
  readonly kernel: string
  readonly architecture: string
  readonly cpuCount: number
  readonly memoryMiB: number
  readonly diskMiB: number
  readonly clockOffsetMs: number
  readonly volumes?: {
    readonly driver: string
    readonly holdsLimits: boolean
  }
  readonly direct?: {
    readonly url: string
  } | null
  readonly ssh?: {
    readonly port: number
    readonly fingerprint: string
  } | null
}

export interface Enrolment {
  readonly node: string
  readonly keyId: string
  readonly panelName: string
  readonly linkPath: string
}

export interface EggRepository {
  readonly id: string
  readonly name: string
  readonly url: string
  readonly branch: string | null
  readonly folder: string
  readonly hasCredentials: boolean
  readonly syncEveryMinutes: number | null
  readonly status: 'new' | 'syncing' | 'synced' | 'failed'
  readonly operation: string | null
  readonly syncedAt: number | null
  readonly nextSyncAt: number | null
  readonly error: {
    readonly code: string
    readonly message: string
    readonly at: number
  } | null
  readonly commit: {
    readonly id: string
    readonly at: number
    readonly message: string
  } | null
  readonly eggCount: number
  readonly unreadableCount: number
  readonly installedCount: number
  readonly changedCount: number
  readonly createdAt: number
  readonly revision: number
}

export interface EggRepositoryEgg {
  readonly id: string
  readonly path: string
  readonly name: string
  readonly author: string
  readonly description: string
  readonly format: string
  readonly variableCount: number
  readonly errorCount: number
  readonly warningCount: number
  readonly state: 'available' | 'installed' | 'changed' | 'removed' | 'unreadable'
  readonly egg: string | null
}

export interface EggRepositoryEggDetail {
  readonly id: string
  readonly path: string
  readonly name: string
  readonly author: string
  readonly description: string
  readonly format: string
  readonly variableCount: number
  readonly errorCount: number
  readonly warningCount: number
  readonly state: 'available' | 'installed' | 'changed' | 'removed' | 'unreadable'
  readonly egg: string | null
  readonly images: readonly string[]
  readonly diagnostics: readonly EggDiagnostic[]
  readonly text: string
}

export interface EggDiagnostic {
  readonly code: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly pointer: string
  readonly message: string
}

export interface OperationRef {
  readonly operation: string
}

export interface EggSummary {
  readonly id: string
  readonly nest: string
  readonly name: string
  readonly author: string
  readonly description: string
  readonly format: string
  readonly features: readonly string[]
  readonly updateUrl: string | null
  readonly origin: EggOrigin | null
  readonly serverCount: number
  readonly createdAt: number
  readonly revision: number
}

export interface EggOrigin {
  readonly repository: string
  readonly name: string
  readonly path: string
  readonly state: 'installed' | 'changed' | 'removed'
}

export interface Egg {
  readonly id: string
  readonly nest: string
  readonly name: string
  readonly author: string
  readonly description: string
  readonly format: string
  readonly features: readonly string[]
  readonly images: readonly Labelled[]
  readonly startupCommands: readonly Labelled[]
  readonly stop: string
  readonly done: readonly string[]
  readonly variables: readonly EggVariable[]
  readonly configFiles: readonly string[]
  readonly hasInstallScript: boolean
  readonly updateUrl: string | null
  readonly origin: EggOrigin | null
  readonly diagnostics: readonly EggDiagnostic[]
  readonly serverCount: number
  readonly createdAt: number
  readonly revision: number
}

export interface Labelled {
  readonly label: string
  readonly value: string
}

export interface EggVariable {
  readonly name: string
  readonly description: string
  readonly envVariable: string
  readonly defaultValue: string
  readonly userViewable: boolean
  readonly userEditable: boolean
  readonly rules: readonly string[]
  readonly input: VariableInput
}

export interface VariableInput {
  readonly kind: 'text' | 'number' | 'switch' | 'select' | 'secret'
  readonly required: boolean
  readonly options?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly integer?: boolean
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly values?: readonly string[]
}

export interface EggExport {
  readonly fileName: string
  readonly text: string
  readonly losses: readonly EggLoss[]
  readonly changes: readonly EggLoss[]
}

export interface EggLoss {
  readonly code: string
  readonly pointer: string
  readonly message: string
}

export interface EggSource {
  readonly fileName: string
  readonly text: string
}

export interface EggUpdated {
  readonly egg: Egg
  readonly serverCount: number
  readonly servers: readonly EggUpdateServer[]
  readonly affectedCount: number
}

export interface EggUpdateServer {
  readonly id: string
  readonly name: string
  readonly variables: readonly ({
    readonly envVariable: string
    readonly failed: readonly string[]
    readonly message: string
  })[]
}

export interface EggUpdatePreview {
  readonly egg: string
  readonly revision: number
  readonly hash: string
  readonly isSame: boolean
  readonly from: {
    readonly kind: 'file' | 'repository' | 'url'
    readonly url: string | null
    readonly repository: string | null
    readonly path: string | null
    readonly fileName: string | null
  }
  readonly name: string
  readonly format: string
  readonly changes: readonly EggChange[]
  readonly diagnostics: readonly EggDiagnostic[]
  readonly serverCount: number
  readonly servers: readonly EggUpdateServer[]
  readonly affectedCount: number
}

export interface EggChange {
  readonly kind: 'added' | 'removed' | 'changed' | 'renamed' | 'moved'
  readonly area: 'about' | 'images' | 'startup' | 'ready' | 'stop' | 'config-files' | 'variables' | 'install' | 'features' | 'file-denylist' | 'network' | 'other'
  readonly subject: string | null
  readonly pointer: string
  readonly before: unknown
  readonly after: unknown
  readonly message: string
  readonly effect: 'none' | 'at-once' | 'next-start' | 'reinstall' | 'value-needed' | 'values-may-fail' | 'values-unused'
}

export interface EggCheck {
  readonly ok: boolean
  readonly name: string
  readonly format: string
  readonly variableCount: number
  readonly images: readonly string[]
  readonly diagnostics: readonly EggDiagnostic[]
  readonly existing: string | null
}

export interface FetchedEgg {
  readonly url: string
  readonly fileName: string
  readonly text: string
}

export interface Location {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly nodeCount: number
  readonly createdAt: number
  readonly revision: number
}

export interface Nest {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly eggCount: number
  readonly createdAt: number
  readonly revision: number
}

export interface Node {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly kind: 'agent' | 'wings'
  readonly location: string
  readonly status: 'awaiting-agent' | 'online' | 'offline' | 'recovery' | 'locked'
  readonly fqdn: string
  readonly memoryMiB: number
  readonly diskMiB: number
  readonly cpuPercent: number
  readonly allocated: {
    readonly memoryMiB: number
    readonly diskMiB: number
    readonly cpuPercent: number
    readonly servers: number
  }
  readonly allocationCount: number
  readonly freeAllocationCount: number
  readonly isMaintenance: boolean
  readonly isRotatingSecret: boolean
  readonly host: NodeHost | null
  readonly lastSeenAt: number | null
  readonly createdAt: number
  readonly revision: number
}

export interface Allocation {
  readonly id: string
  readonly node: string
  readonly ip: string
  readonly port: number
  readonly alias: string | null
  readonly notes: string | null
  readonly server: string | null
  readonly serverName: string | null
  readonly isPrimary: boolean
}

export interface EnrolmentToken {
  readonly token: string
  readonly expiresAt: number
  readonly command: string
}

export interface MetricHistory {
  readonly from: number
  readonly stepMs: number
  readonly cpuPercent: MetricRange
  readonly memoryBytes: MetricRange
  readonly diskBytes: MetricRange
  readonly networkRxBytesPerSecond: MetricRange
  readonly networkTxBytesPerSecond: MetricRange
}

export interface MetricRange {
  readonly min: readonly (number | null)[]
  readonly avg: readonly (number | null)[]
  readonly max: readonly (number | null)[]
}

export interface Orphan {
  readonly server: string
  readonly name: string | null
  readonly state: 'offline' | 'starting' | 'running' | 'stopping'
  readonly seenAt: number
  readonly elsewhere: {
    readonly node: string
    readonly name: string
  } | null
  readonly isRemoving: boolean
}

export interface Limits {
  readonly memoryMiB: number
  readonly swapMiB: number
  readonly diskMiB: number
  readonly cpuPercent: number
  readonly cpuPinning: string | null
  readonly ioWeight: number
  readonly pids: number
}

export interface Server {
  readonly id: string
  readonly shortId: string
  readonly name: string
  readonly description: string
  readonly state: ServerState
  readonly holds: readonly HoldKind[]
  readonly node: {
    readonly id: string
    readonly name: string
    readonly online: boolean
    readonly isolated: boolean
  }
  readonly egg: {
    readonly id: string
    readonly name: string
  }
  readonly owner: UserRef
  readonly address: string | null
  readonly limits: Limits
  readonly createdAt: number
  readonly revision: number
  readonly permissions: readonly string[]
  readonly externalId: string | null
  readonly image: string
  readonly images: readonly Labelled[]
  readonly allocations: readonly Allocation[]
  readonly isInstalled: boolean
  readonly lastExit: ServerExit | null
  readonly pendingFeatures: readonly PendingFeature[]
  readonly operation: string | null
  readonly sftp: SftpAddress | null
  readonly stopTimeoutMs: number
  readonly lifecycle: ServerLifecycle
}

export interface ServerExit {
  readonly code: number | null
  readonly oomKilled: boolean
  readonly reason: 'stopped' | 'killed' | 'crashed' | 'finished' | 'interrupted'
  readonly at: number
}

export interface PendingFeature {
  readonly feature: string
  readonly line: string
  readonly at: number
  readonly images: readonly Labelled[]
}

export interface SftpAddress {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly fingerprint: string
}

export interface ServerLifecycle {
  readonly crash: {
    readonly isEnabled: boolean
    readonly treatCleanExitAsCrash: boolean
    readonly maxRestarts: number
    readonly windowMs: number
    readonly backoffMs: number
  }
  readonly stopTimeoutMs: number
}

export interface WingsConfiguration {
  readonly tokenId: string
  readonly configuration: string
}

export interface Operation {
  readonly id: string
  readonly kind: string
  readonly status: OperationStatus
  readonly server: string | null
  readonly serverName: string | null
  readonly node: string | null
  readonly phase: string
  readonly progress: {
    readonly current: number
    readonly total: number | null
    readonly unit: 'bytes' | 'files' | 'lines' | 'steps'
    readonly detail: string
  } | null
  readonly canCancel: boolean
  readonly error: {
    readonly code: string
    readonly message: string
  } | null
  readonly startedBy: UserRef | null
  readonly createdAt: number
  readonly finishedAt: number | null
  readonly revision: number
}

export interface ServerSummary {
  readonly id: string
  readonly shortId: string
  readonly name: string
  readonly description: string
  readonly state: ServerState
  readonly holds: readonly HoldKind[]
  readonly node: {
    readonly id: string
    readonly name: string
    readonly online: boolean
    readonly isolated: boolean
  }
  readonly egg: {
    readonly id: string
    readonly name: string
  }
  readonly owner: UserRef
  readonly address: string | null
  readonly limits: Limits
  readonly createdAt: number
  readonly revision: number
  readonly permissions: readonly string[]
}

export interface CreatedServer {
  readonly server: Server
  readonly operation: string
}

export interface ConsoleLine {
  readonly run: number
  readonly line: number
  readonly at: number
  readonly kind: 'out' | 'system' | 'gap' | 'input' | 'install'
  readonly text: string
}

export interface ConsoleRun {
  readonly run: number
  readonly firstLine: number
}

export interface FileEntry {
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  readonly sizeBytes: number
  readonly diskBytes: number
  readonly mode: number
  readonly modifiedAt: number
  readonly linkTarget: string | null
  readonly revision: number
}

export interface ArchiveMember {
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  readonly sizeBytes: number | null
  readonly packedBytes: number | null
  readonly mode: number
  readonly modifiedAt: number | null
  readonly linkTarget: string | null
  readonly isEncrypted: boolean
}

export interface FileFailures {
  readonly done: number
  readonly failures: readonly ({
    readonly path: string
    readonly error: {
      readonly code: string
      readonly message: string
    }
  })[]
}

export interface DirectLink {
  readonly origin: string
  readonly url: string
  readonly expiresAt: number
}

export interface DiskUse {
  readonly diskBytes: number
  readonly entries: number
  readonly children: readonly ({
    readonly name: string
    readonly type: 'file' | 'directory' | 'symlink' | 'other'
    readonly diskBytes: number
    readonly entries: number
  })[]
  readonly isPartial: boolean
}

export interface DownloadTicket {
  readonly id: string
  readonly url: string
  readonly expiresAt: number
}

export interface FileRevision {
  readonly id: string
  readonly path: string
  readonly at: number
  readonly user: string | null
  readonly name: string | null
  readonly via: 'page' | 'upload' | 'sftp' | 'restore' | 'config' | 'outside'
  readonly sizeBytes: number
  readonly sha256: string | null
}

export interface LostFile {
  readonly path: string
  readonly revision: string
  readonly at: number
  readonly sizeBytes: number
}

export interface RenamePlan {
  readonly renames: readonly ({
    readonly from: string
    readonly to: string
    readonly problem: 'invalid' | 'duplicate' | 'taken' | 'missing' | 'protected' | null
  })[]
}

export interface FileMatches {
  readonly matches: readonly ({
    readonly path: string
    readonly type: 'file' | 'directory' | 'symlink' | 'other'
    readonly sizeBytes: number
    readonly modifiedAt: number
    readonly lines: readonly ({
      readonly line: number
      readonly text: string
    })[]
  })[]
  readonly isPartial: boolean
}

export interface TrashItem {
  readonly id: string
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  readonly diskBytes: number
  readonly deletedAt: number
  readonly expiresAt: number
}

export interface Upload {
  readonly id: string
  readonly path: string
  readonly sizeBytes: number
  readonly offset: number
  readonly expiresAt: number
}

export interface Startup {
  readonly command: string
  readonly preview: string
  readonly commands: readonly Labelled[]
  readonly image: string
  readonly images: readonly Labelled[]
  readonly variables: readonly StartupVariable[]
  readonly revision: number
}

export interface StartupVariable {
  readonly name: string
  readonly description: string
  readonly envVariable: string
  readonly value: string
  readonly defaultValue: string
  readonly isEditable: boolean
  readonly rules: readonly string[]
  readonly input: VariableInput
}

export interface ServerStats {
  readonly at: number
  readonly cpuPercent: number
  readonly memoryBytes: number
  readonly memoryLimitBytes: number
  readonly diskBytes: number
  readonly networkRxBytes: number
  readonly networkTxBytes: number
  readonly uptimeMs: number
  readonly pids: number
}

export interface Subuser {
  readonly user: UserRef
  readonly permissions: readonly string[]
  readonly createdAt: number
  readonly revision: number
}

export interface UsageRecord {
  readonly server: string
  readonly hourAt: number
  readonly runningSeconds: number
  readonly cpuSeconds: number
  readonly memoryGiBHours: number
  readonly diskGiBHours: number
  readonly networkRxBytes: number
  readonly networkTxBytes: number
}

export interface Placement {
  readonly node: {
    readonly id: string
    readonly name: string
  } | null
  readonly allocation: {
    readonly id: string
    readonly address: string
  } | null
  readonly considered: readonly ({
    readonly node: string
    readonly name: string
    readonly fits: boolean
    readonly reason: string
  })[]
}

export interface SshSettings {
  readonly accountPasswords: boolean
}

export interface System {
  readonly name: string
  readonly version: string
  readonly languages: readonly string[]
  readonly signIn: {
    readonly password: boolean
  }
}

export interface UsageEntry {
  readonly server: string
  readonly hourAt: number
  readonly runningSeconds: number
  readonly cpuSeconds: number
  readonly memoryGiBHours: number
  readonly diskGiBHours: number
  readonly networkRxBytes: number
  readonly networkTxBytes: number
  readonly serverName: string
  readonly owner: string | null
  readonly node: string | null
}

export interface User {
  readonly id: string
  readonly email: string
  readonly username: string
  readonly firstName: string
  readonly lastName: string
  readonly externalId: string | null
  readonly isAdmin: boolean
  readonly state: 'active' | 'frozen' | 'suspended'
  readonly language: string
  readonly serverCount: number
  readonly createdAt: number
  readonly revision: number
}

type GetAccountResponse = Account

interface UpdateAccountBody {
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly language?: string | undefined
}

type UpdateAccountResponse = Account

interface ListApiKeysQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListApiKeysResponse {
  readonly data: readonly ApiKey[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateApiKeyBody {
  readonly name: string
  readonly permissions?: readonly string[] | undefined
  readonly allowedIps?: readonly string[] | undefined
  readonly expiresAt?: number | null | undefined
}

type CreateApiKeyResponse = CreatedApiKey

interface DeleteApiKeyParams {
  readonly key: string
}

type DeleteApiKeyResponse = Readonly<Record<string, never>>

interface ListAppPasswordsQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListAppPasswordsResponse {
  readonly data: readonly AppPassword[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateAppPasswordBody {
  readonly name: string
  readonly servers?: readonly string[] | null | undefined
  readonly allowedIps?: readonly string[] | null | undefined
  readonly expiresAt?: number | null | undefined
}

type CreateAppPasswordResponse = CreatedAppPassword

interface DeleteAppPasswordParams {
  readonly password: string
}

type DeleteAppPasswordResponse = Readonly<Record<string, never>>

interface ChangeEmailBody {
  readonly current: string
  readonly email: string
}

type ChangeEmailResponse = Account

interface ChangePasswordBody {
  readonly current: string
  readonly password: string
}

type ChangePasswordResponse = Account

interface ListSessionsQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListSessionsResponse {
  readonly data: readonly Session[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface DeleteSessionParams {
  readonly session: string
}

type DeleteSessionResponse = Readonly<Record<string, never>>

interface ListSshKeysQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListSshKeysResponse {
  readonly data: readonly SshKey[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface AddSshKeyBody {
  readonly name?: string | undefined
  readonly publicKey: string
  readonly servers?: readonly string[] | null | undefined
  readonly allowedIps?: readonly string[] | null | undefined
  readonly expiresAt?: number | null | undefined
}

type AddSshKeyResponse = SshKey

interface UpdateSshKeyParams {
  readonly key: string
}

interface UpdateSshKeyBody {
  readonly name: string
}

type UpdateSshKeyResponse = SshKey

interface DeleteSshKeyParams {
  readonly key: string
}

type DeleteSshKeyResponse = Readonly<Record<string, never>>

interface ImportSshKeysBody {
  readonly from: 'github' | 'gitlab'
  readonly username: string
}

type ImportSshKeysResponse = ImportedSshKeys

interface ListActivityQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly type?: string | undefined
  readonly user?: string | undefined
}

interface ListActivityResponse {
  readonly data: readonly ActivityEvent[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface EnrolAgentBody {
  readonly token: string
  readonly secret: string
  readonly installation: string
  readonly host: NodeHost
}

type EnrolAgentResponse = Enrolment

interface SignInBody {
  readonly login: string
  readonly password: string
}

type SignInResponse = Account

type SignOutResponse = Readonly<Record<string, never>>

interface ListEggRepositoriesQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListEggRepositoriesResponse {
  readonly data: readonly EggRepository[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateEggRepositoryBody {
  readonly name: string
  readonly url: string
  readonly branch?: string | null | undefined
  readonly folder?: string | undefined
  readonly credentials?: {
    readonly username: string
    readonly password: string
  } | null | undefined
  readonly syncEveryMinutes?: number | null | undefined
}

type CreateEggRepositoryResponse = EggRepository

interface GetEggRepositoryParams {
  readonly repository: string
}

type GetEggRepositoryResponse = EggRepository

interface UpdateEggRepositoryParams {
  readonly repository: string
}

interface UpdateEggRepositoryBody {
  readonly name?: string | undefined
  readonly url?: string | undefined
  readonly branch?: string | null | undefined
  readonly folder?: string | undefined
  readonly credentials?: {
    readonly username: string
    readonly password: string
  } | null | undefined
  readonly syncEveryMinutes?: number | null | undefined
}

type UpdateEggRepositoryResponse = EggRepository

interface DeleteEggRepositoryParams {
  readonly repository: string
}

type DeleteEggRepositoryResponse = Readonly<Record<string, never>>

interface ListEggRepositoryEggsParams {
  readonly repository: string
}

interface ListEggRepositoryEggsQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly search?: string | undefined
  readonly state?: 'available' | 'installed' | 'changed' | 'removed' | 'unreadable' | undefined
}

interface ListEggRepositoryEggsResponse {
  readonly data: readonly EggRepositoryEgg[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface GetEggRepositoryEggParams {
  readonly repository: string
  readonly entry: string
}

type GetEggRepositoryEggResponse = EggRepositoryEggDetail

interface InstallRepositoryEggsParams {
  readonly repository: string
}

interface InstallRepositoryEggsBody {
  readonly nest: string
  readonly eggs: readonly string[]
}

type InstallRepositoryEggsResponse = OperationRef

interface SyncEggRepositoryParams {
  readonly repository: string
}

type SyncEggRepositoryResponse = OperationRef

interface ListEggsQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly nest?: string | undefined
  readonly search?: string | undefined
}

interface ListEggsResponse {
  readonly data: readonly EggSummary[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface ImportEggBody {
  readonly nest: string
  readonly fileName?: string | undefined
  readonly text: string
  readonly url?: string | undefined
  readonly onExisting?: 'create' | 'update' | undefined
}

type ImportEggResponse = Egg

interface GetEggParams {
  readonly egg: string
}

type GetEggResponse = Egg

interface DeleteEggParams {
  readonly egg: string
}

type DeleteEggResponse = Readonly<Record<string, never>>

interface ExportEggParams {
  readonly egg: string
}

interface ExportEggQuery {
  readonly format?: 'PTDL_v2' | 'PLCN_v3' | 'calagopus' | 'hatchery' | undefined
  readonly encoding?: 'json' | 'yaml' | undefined
}

type ExportEggResponse = EggExport

interface GetEggSourceParams {
  readonly egg: string
}

type GetEggSourceResponse = EggSource

interface UpdateEggParams {
  readonly egg: string
}

interface UpdateEggBody {
  readonly text?: string | undefined
  readonly fileName?: string | undefined
  readonly repository?: string | undefined
  readonly path?: string | undefined
  readonly url?: string | undefined
  readonly hash: string
}

type UpdateEggResponse = EggUpdated

interface CheckEggUpdateParams {
  readonly egg: string
}

interface CheckEggUpdateBody {
  readonly text?: string | undefined
  readonly fileName?: string | undefined
  readonly repository?: string | undefined
  readonly path?: string | undefined
  readonly url?: string | undefined
}

type CheckEggUpdateResponse = EggUpdatePreview

interface CheckEggBody {
  readonly text: string
}

type CheckEggResponse = EggCheck

interface FetchEggBody {
  readonly url: string
}

type FetchEggResponse = FetchedEgg

interface GetHealthResponse {
  readonly ready: true
}

interface ListLocationsQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListLocationsResponse {
  readonly data: readonly Location[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateLocationBody {
  readonly name: string
  readonly description?: string | undefined
}

type CreateLocationResponse = Location

interface UpdateLocationParams {
  readonly location: string
}

interface UpdateLocationBody {
  readonly name?: string | undefined
  readonly description?: string | undefined
}

type UpdateLocationResponse = Location

interface DeleteLocationParams {
  readonly location: string
}

type DeleteLocationResponse = Readonly<Record<string, never>>

type ScrapeMetricsResponse = Response

interface ListNestsQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListNestsResponse {
  readonly data: readonly Nest[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateNestBody {
  readonly name: string
  readonly description?: string | undefined
}

type CreateNestResponse = Nest

interface UpdateNestParams {
  readonly nest: string
}

interface UpdateNestBody {
  readonly name?: string | undefined
  readonly description?: string | undefined
}

type UpdateNestResponse = Nest

interface DeleteNestParams {
  readonly nest: string
}

type DeleteNestResponse = Readonly<Record<string, never>>

interface ListNodesQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly location?: string | undefined
}

interface ListNodesResponse {
  readonly data: readonly Node[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateNodeBody {
  readonly name: string
  readonly description?: string | undefined
  readonly location: string
  readonly fqdn: string
  readonly kind?: 'agent' | 'wings' | undefined
  readonly scheme?: 'http' | 'https' | undefined
  readonly daemonPort?: number | undefined
  readonly memoryMiB?: number | undefined
  readonly diskMiB?: number | undefined
  readonly cpuPercent?: number | undefined
}

type CreateNodeResponse = Node

interface GetNodeParams {
  readonly node: string
}

type GetNodeResponse = Node

interface UpdateNodeParams {
  readonly node: string
}

interface UpdateNodeBody {
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly location?: string | undefined
  readonly fqdn?: string | undefined
  readonly isMaintenance?: boolean | undefined
  readonly memoryMiB?: number | undefined
  readonly diskMiB?: number | undefined
  readonly cpuPercent?: number | undefined
}

type UpdateNodeResponse = Node

interface DeleteNodeParams {
  readonly node: string
}

type DeleteNodeResponse = Readonly<Record<string, never>>

interface ListAllocationsParams {
  readonly node: string
}

interface ListAllocationsQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly free?: boolean | undefined
}

interface ListAllocationsResponse {
  readonly data: readonly Allocation[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateAllocationsParams {
  readonly node: string
}

interface CreateAllocationsBody {
  readonly ip: string
  readonly ports: readonly string[]
  readonly alias?: string | null | undefined
}

interface CreateAllocationsResponse {
  readonly created: number
  readonly existing: number
}

interface DeleteAllocationParams {
  readonly node: string
  readonly allocation: string
}

type DeleteAllocationResponse = Readonly<Record<string, never>>

interface ConfirmNodeParams {
  readonly node: string
}

type ConfirmNodeResponse = Node

interface CreateEnrolmentTokenParams {
  readonly node: string
}

type CreateEnrolmentTokenResponse = EnrolmentToken

interface ReadNodeMetricsParams {
  readonly node: string
}

interface ReadNodeMetricsQuery {
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly step?: number | undefined
}

type ReadNodeMetricsResponse = MetricHistory

interface ListOrphansParams {
  readonly node: string
}

interface ListOrphansQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListOrphansResponse {
  readonly data: readonly Orphan[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface RemoveOrphanParams {
  readonly node: string
  readonly server: string
}

type RemoveOrphanResponse = OperationRef

interface AdoptOrphanParams {
  readonly node: string
  readonly server: string
}

interface AdoptOrphanBody {
  readonly egg: string
  readonly name: string
  readonly description?: string | undefined
  readonly owner: string
  readonly externalId?: string | null | undefined
  readonly image?: string | undefined
  readonly startupCommand?: string | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly limits: Limits
  readonly allocation?: string | undefined
  readonly additionalAllocations?: readonly string[] | undefined
}

type AdoptOrphanResponse = Server

interface RotateNodeSecretParams {
  readonly node: string
}

type RotateNodeSecretResponse = Node

interface CreateWingsConfigurationParams {
  readonly node: string
}

type CreateWingsConfigurationResponse = WingsConfiguration

interface ListOperationsQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly status?: 'active' | 'finished' | undefined
  readonly server?: string | undefined
}

interface ListOperationsResponse {
  readonly data: readonly Operation[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface GetOperationParams {
  readonly operation: string
}

type GetOperationResponse = Operation

interface CancelOperationParams {
  readonly operation: string
}

type CancelOperationResponse = Operation

interface ListServersQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly search?: string | undefined
  readonly state?: ServerState | undefined
  readonly scope?: 'mine' | 'all' | undefined
  readonly sort?: 'name' | '-name' | 'createdAt' | '-createdAt' | undefined
  readonly include?: 'total' | undefined
}

interface ListServersResponse {
  readonly data: readonly ServerSummary[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateServerBody {
  readonly egg: string
  readonly node?: string | undefined
  readonly allocation?: string | undefined
  readonly limits: Limits
  readonly name: string
  readonly description?: string | undefined
  readonly owner: string
  readonly externalId?: string | null | undefined
  readonly image?: string | undefined
  readonly startupCommand?: string | undefined
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly additionalAllocations?: readonly string[] | undefined
  readonly startWhenInstalled?: boolean | undefined
  readonly skipInstallScript?: boolean | undefined
}

type CreateServerResponse = CreatedServer

interface GetServerParams {
  readonly server: string
}

type GetServerResponse = Server

interface UpdateServerParams {
  readonly server: string
}

interface UpdateServerBody {
  readonly name?: string | undefined
  readonly description?: string | undefined
}

type UpdateServerResponse = Server

interface DeleteServerParams {
  readonly server: string
}

type DeleteServerResponse = OperationRef

interface ListServerActivityParams {
  readonly server: string
}

interface ListServerActivityQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListServerActivityResponse {
  readonly data: readonly ActivityEvent[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface UpdateServerBuildParams {
  readonly server: string
}

interface UpdateServerBuildBody {
  readonly owner?: string | undefined
  readonly limits?: Limits | undefined
  readonly externalId?: string | null | undefined
}

type UpdateServerBuildResponse = Server

interface SendCommandParams {
  readonly server: string
}

interface SendCommandBody {
  readonly command: string
}

type SendCommandResponse = OperationRef

interface ReadConsoleParams {
  readonly server: string
}

interface ReadConsoleQuery {
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

interface ReadConsoleResponse {
  readonly data: readonly ConsoleLine[]
  readonly cursor: string | null
}

interface ListConsoleRunsParams {
  readonly server: string
}

interface ListConsoleRunsResponse {
  readonly data: readonly ConsoleRun[]
}

interface SearchConsoleParams {
  readonly server: string
}

interface SearchConsoleQuery {
  readonly text?: string | undefined
  readonly before?: string | undefined
  readonly until?: number | undefined
  readonly limit?: number | undefined
}

interface SearchConsoleResponse {
  readonly data: readonly ConsoleLine[]
  readonly nextBefore: string | null
}

interface AnswerFeatureParams {
  readonly server: string
  readonly feature: 'eula' | 'java_version'
}

interface AnswerFeatureBody {
  readonly image?: string | undefined
}

type AnswerFeatureResponse = OperationRef

interface CreateFileParams {
  readonly server: string
}

interface CreateFileBody {
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink'
  readonly target?: string | undefined
}

type CreateFileResponse = FileEntry

interface ReadArchiveMemberParams {
  readonly server: string
}

interface ReadArchiveMemberQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
  readonly member: string
}

type ReadArchiveMemberResponse = Response

interface ListArchiveParams {
  readonly server: string
}

interface ListArchiveQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
  readonly directory?: string | undefined
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListArchiveResponse {
  readonly data: readonly ArchiveMember[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface ReadChecksumParams {
  readonly server: string
}

interface ReadChecksumQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
  readonly algorithm?: 'crc32' | 'md5' | 'sha1' | 'sha256' | 'sha512' | undefined
}

interface ReadChecksumResponse {
  readonly algorithm: 'crc32' | 'md5' | 'sha1' | 'sha256' | 'sha512'
  readonly checksum: string
}

interface ChangeFileModesParams {
  readonly server: string
}

interface ChangeFileModesBody {
  readonly changes: readonly ({
    readonly path: string
    readonly mode: number
    readonly isRecursive?: boolean | undefined
    readonly directoryMode?: number | undefined
  })[]
}

type ChangeFileModesResponse = FileFailures

interface ReadFileParams {
  readonly server: string
}

interface ReadFileQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
}

type ReadFileResponse = Response

interface WriteFileParams {
  readonly server: string
}

interface WriteFileQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
}

type WriteFileBody = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>

type WriteFileResponse = FileEntry

interface CopyFileParams {
  readonly server: string
}

interface CopyFileBody {
  readonly from: string
  readonly to: string
}

type CopyFileResponse = OperationRef

interface CopyFilesToServerParams {
  readonly server: string
}

interface CopyFilesToServerBody {
  readonly directory: string
  readonly names: readonly string[]
  readonly target: string
  readonly to: string
  readonly replace?: boolean | undefined
}

type CopyFilesToServerResponse = OperationRef

interface ReadDecompressedFileParams {
  readonly server: string
}

interface ReadDecompressedFileQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
  readonly maxBytes?: number | undefined
}

type ReadDecompressedFileResponse = Response

interface DeleteFilesParams {
  readonly server: string
}

interface DeleteFilesBody {
  readonly paths: readonly string[]
  readonly isPermanent?: boolean | undefined
}

type DeleteFilesResponse = FileFailures

interface OpenDirectDownloadParams {
  readonly server: string
}

interface OpenDirectDownloadBody {
  readonly path: string
}

interface OpenDirectDownloadResponse {
  readonly link: DirectLink | null
}

interface ReadDiskUseParams {
  readonly server: string
}

interface ReadDiskUseQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
}

type ReadDiskUseResponse = DiskUse

interface DownloadFilesParams {
  readonly server: string
}

interface DownloadFilesQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
  readonly format?: 'zip' | 'tar' | 'tar.gz' | 'tar.zst' | undefined
}

type DownloadFilesResponse = Response

interface PrepareDownloadParams {
  readonly server: string
}

interface PrepareDownloadBody {
  readonly directory: string
  readonly names: readonly string[]
  readonly format?: 'zip' | 'tar' | 'tar.gz' | 'tar.zst' | undefined
}

type PrepareDownloadResponse = DownloadTicket

interface TakeDownloadParams {
  readonly server: string
  readonly download: string
}

type TakeDownloadResponse = Response

interface GetFileParams {
  readonly server: string
}

interface GetFileQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
}

type GetFileResponse = FileEntry

interface ListFileHistoryParams {
  readonly server: string
}

interface ListFileHistoryQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
}

interface ListFileHistoryResponse {
  readonly data: readonly FileRevision[]
}

interface ForgetFileHistoryParams {
  readonly server: string
}

interface ForgetFileHistoryQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
}

interface ForgetFileHistoryResponse {
  readonly forgotten: number
}

interface ReadFileRevisionParams {
  readonly server: string
}

interface ReadFileRevisionQuery {
  readonly revision: string
}

type ReadFileRevisionResponse = Response

interface ListLostFilesParams {
  readonly server: string
}

interface ListLostFilesResponse {
  readonly data: readonly LostFile[]
}

interface RestoreFileRevisionParams {
  readonly server: string
}

interface RestoreFileRevisionBody {
  readonly revision: string
}

type RestoreFileRevisionResponse = FileEntry

interface ListFilesParams {
  readonly server: string
}

interface ListFilesQuery {
  readonly path?: string | undefined
  readonly pathBytes?: string | undefined
  readonly sort?: 'name' | '-name' | 'size' | '-size' | 'modified' | '-modified' | undefined
  readonly cursor?: string | undefined
  readonly offset?: number | undefined
  readonly limit?: number | undefined
}

interface ListFilesResponse {
  readonly data: readonly FileEntry[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface MoveFilesParams {
  readonly server: string
}

interface MoveFilesBody {
  readonly moves: readonly ({
    readonly from: string
    readonly to: string
  })[]
  readonly replace?: boolean | undefined
}

type MoveFilesResponse = FileFailures

interface PackFilesParams {
  readonly server: string
}

interface PackFilesBody {
  readonly directory: string
  readonly names: readonly string[]
  readonly to: string
  readonly format?: 'zip' | 'tar' | 'tar.gz' | 'tar.zst' | undefined
}

type PackFilesResponse = OperationRef

interface PullFileParams {
  readonly server: string
}

interface PullFileBody {
  readonly url: string
  readonly directory: string
  readonly name?: string | undefined
  readonly replace?: boolean | undefined
}

type PullFileResponse = OperationRef

interface RenameFilesParams {
  readonly server: string
}

interface RenameFilesBody {
  readonly directory: string
  readonly names: readonly string[]
  readonly rules: readonly ({
    readonly kind: 'replace'
    readonly find: string
    readonly with: string
    readonly isPattern?: boolean | undefined
    readonly isCaseSensitive?: boolean | undefined
    readonly isOnce?: boolean | undefined
    readonly scope?: 'name' | 'extension' | 'whole' | undefined
  } | {
    readonly kind: 'case'
    readonly to: 'lower' | 'upper' | 'title'
    readonly scope?: 'name' | 'extension' | 'whole' | undefined
  } | {
    readonly kind: 'add'
    readonly text: string
    readonly at: 'start' | 'end'
    readonly scope?: 'name' | 'extension' | 'whole' | undefined
  } | {
    readonly kind: 'number'
    readonly start: number
    readonly step?: number | undefined
    readonly digits?: number | undefined
    readonly at: 'start' | 'end' | 'instead'
    readonly separator?: string | undefined
  })[]
}

type RenameFilesResponse = RenamePlan

interface PreviewRenameParams {
  readonly server: string
}

interface PreviewRenameBody {
  readonly directory: string
  readonly names: readonly string[]
  readonly rules: readonly ({
    readonly kind: 'replace'
    readonly find: string
    readonly with: string
    readonly isPattern?: boolean | undefined
    readonly isCaseSensitive?: boolean | undefined
    readonly isOnce?: boolean | undefined
    readonly scope?: 'name' | 'extension' | 'whole' | undefined
  } | {
    readonly kind: 'case'
    readonly to: 'lower' | 'upper' | 'title'
    readonly scope?: 'name' | 'extension' | 'whole' | undefined
  } | {
    readonly kind: 'add'
    readonly text: string
    readonly at: 'start' | 'end'
    readonly scope?: 'name' | 'extension' | 'whole' | undefined
  } | {
    readonly kind: 'number'
    readonly start: number
    readonly step?: number | undefined
    readonly digits?: number | undefined
    readonly at: 'start' | 'end' | 'instead'
    readonly separator?: string | undefined
  })[]
}

type PreviewRenameResponse = RenamePlan

interface SearchFilesParams {
  readonly server: string
}

interface SearchFilesBody {
  readonly path: string
  readonly names?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
  readonly text?: string | undefined
  readonly isCaseSensitive?: boolean | undefined
  readonly limit?: number | undefined
}

type SearchFilesResponse = FileMatches

interface ListTrashParams {
  readonly server: string
}

interface ListTrashResponse {
  readonly data: readonly TrashItem[]
}

interface EmptyTrashParams {
  readonly server: string
}

interface EmptyTrashBody {
  readonly items?: readonly string[] | undefined
}

type EmptyTrashResponse = FileFailures

interface RestoreTrashParams {
  readonly server: string
}

interface RestoreTrashBody {
  readonly items: readonly ({
    readonly id: string
    readonly path?: string | null | undefined
  })[]
}

type RestoreTrashResponse = FileFailures

interface UnpackFileParams {
  readonly server: string
}

interface UnpackFileBody {
  readonly path: string
  readonly to: string
  readonly replace?: boolean | undefined
  readonly members?: readonly string[] | undefined
}

type UnpackFileResponse = OperationRef

interface BeginUploadParams {
  readonly server: string
}

interface BeginUploadBody {
  readonly path: string
  readonly sizeBytes: number
  readonly replace?: boolean | undefined
}

type BeginUploadResponse = Upload

interface GetUploadParams {
  readonly server: string
  readonly upload: string
}

type GetUploadResponse = Upload

interface AppendUploadParams {
  readonly server: string
  readonly upload: string
}

interface AppendUploadQuery {
  readonly offset?: number | undefined
}

type AppendUploadBody = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>

type AppendUploadResponse = Upload

interface CancelUploadParams {
  readonly server: string
  readonly upload: string
}

type CancelUploadResponse = Readonly<Record<string, never>>

interface OpenDirectUploadParams {
  readonly server: string
  readonly upload: string
}

interface OpenDirectUploadResponse {
  readonly link: DirectLink | null
}

interface FinishUploadParams {
  readonly server: string
  readonly upload: string
}

type FinishUploadResponse = FileEntry

interface PlaceHoldParams {
  readonly server: string
  readonly kind: HoldKind
}

interface PlaceHoldBody {
  readonly reason?: string | undefined
}

type PlaceHoldResponse = Server

interface LiftHoldParams {
  readonly server: string
  readonly kind: HoldKind
}

type LiftHoldResponse = Server

interface UpdateImageParams {
  readonly server: string
}

interface UpdateImageBody {
  readonly image: string
}

type UpdateImageResponse = Startup

interface UpdateServerLifecycleParams {
  readonly server: string
}

interface UpdateServerLifecycleBody {
  readonly crash?: {
    readonly isEnabled?: boolean | undefined
    readonly treatCleanExitAsCrash?: boolean | undefined
    readonly maxRestarts?: number | undefined
    readonly windowMs?: number | undefined
    readonly backoffMs?: number | undefined
  } | undefined
  readonly stopTimeoutMs?: number | undefined
}

type UpdateServerLifecycleResponse = Server

interface OpenDirectLiveParams {
  readonly server: string
}

interface OpenDirectLiveResponse {
  readonly link: DirectLink | null
}

interface ReadServerMetricsParams {
  readonly server: string
}

interface ReadServerMetricsQuery {
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly step?: number | undefined
}

type ReadServerMetricsResponse = MetricHistory

interface PowerServerParams {
  readonly server: string
}

interface PowerServerBody {
  readonly action: PowerAction
}

type PowerServerResponse = OperationRef

interface ReinstallServerParams {
  readonly server: string
}

type ReinstallServerResponse = OperationRef

interface GetStartupParams {
  readonly server: string
}

type GetStartupResponse = Startup

interface UpdateStartupParams {
  readonly server: string
}

interface UpdateStartupBody {
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly command?: string | undefined
}

type UpdateStartupResponse = Startup

interface ReadStatsParams {
  readonly server: string
}

interface ReadStatsResponse {
  readonly state: ServerState
  readonly stats: ServerStats | null
}

interface ListSubusersParams {
  readonly server: string
}

interface ListSubusersQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

interface ListSubusersResponse {
  readonly data: readonly Subuser[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateSubuserParams {
  readonly server: string
}

interface CreateSubuserBody {
  readonly email: string
  readonly permissions: readonly string[]
}

type CreateSubuserResponse = Subuser

interface UpdateSubuserParams {
  readonly server: string
  readonly user: string
}

interface UpdateSubuserBody {
  readonly permissions: readonly string[]
}

type UpdateSubuserResponse = Subuser

interface DeleteSubuserParams {
  readonly server: string
  readonly user: string
}

type DeleteSubuserResponse = Readonly<Record<string, never>>

interface ReadServerUsageParams {
  readonly server: string
}

interface ReadServerUsageQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
}

interface ReadServerUsageResponse {
  readonly data: readonly UsageRecord[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface PlanServerBody {
  readonly egg: string
  readonly node?: string | undefined
  readonly allocation?: string | undefined
  readonly limits: Limits
}

type PlanServerResponse = Placement

type GetSshSettingsResponse = SshSettings

interface UpdateSshSettingsBody {
  readonly accountPasswords?: boolean | undefined
}

type UpdateSshSettingsResponse = SshSettings

type GetSystemResponse = System

interface ListUsageQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly server?: string | undefined
  readonly owner?: string | undefined
  readonly node?: string | undefined
}

interface ListUsageResponse {
  readonly data: readonly UsageEntry[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface ExportUsageQuery {
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly server?: string | undefined
  readonly owner?: string | undefined
  readonly node?: string | undefined
}

type ExportUsageResponse = Response

interface ListUsersQuery {
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
  readonly search?: string | undefined
  readonly externalId?: string | undefined
  readonly include?: 'total' | undefined
}

interface ListUsersResponse {
  readonly data: readonly User[]
  readonly nextCursor: string | null
  readonly total?: number
}

interface CreateUserBody {
  readonly email: string
  readonly username: string
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly password: string
  readonly isAdmin?: boolean | undefined
  readonly externalId?: string | null | undefined
  readonly language?: string | undefined
}

type CreateUserResponse = User

interface GetUserParams {
  readonly user: string
}

type GetUserResponse = User

interface UpdateUserParams {
  readonly user: string
}

interface UpdateUserBody {
  readonly email?: string | undefined
  readonly username?: string | undefined
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly password?: string | undefined
  readonly isAdmin?: boolean | undefined
  readonly state?: 'active' | 'frozen' | 'suspended' | undefined
  readonly externalId?: string | null | undefined
}

type UpdateUserResponse = User

interface DeleteUserParams {
  readonly user: string
}

type DeleteUserResponse = Readonly<Record<string, never>>

/** What each endpoint takes and answers, by its name. */
export interface EndpointTypes {
  /** Read the own account. */
  readonly getAccount: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly response: GetAccountResponse
  }
  /** Change the own profile. */
  readonly updateAccount: {
    readonly params: undefined
    readonly query: undefined
    readonly body: UpdateAccountBody
    readonly response: UpdateAccountResponse
  }
  /** List the own API keys. */
  readonly listApiKeys: {
    readonly params: undefined
    readonly query: ListApiKeysQuery
    readonly body: undefined
    readonly response: ListApiKeysResponse
  }
  /** Create an API key; its secret is shown this once. */
  readonly createApiKey: {
    readonly params: undefined
    readonly query: undefined
    readonly body: CreateApiKeyBody
    readonly response: CreateApiKeyResponse
  }
  /** Delete an API key; it stops working at once. */
  readonly deleteApiKey: {
    readonly params: DeleteApiKeyParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteApiKeyResponse
  }
  /** List the own app passwords. */
  readonly listAppPasswords: {
    readonly params: undefined
    readonly query: ListAppPasswordsQuery
    readonly body: undefined
    readonly response: ListAppPasswordsResponse
  }
  /** Create a password for one SFTP program; it is shown this once. */
  readonly createAppPassword: {
    readonly params: undefined
    readonly query: undefined
    readonly body: CreateAppPasswordBody
    readonly response: CreateAppPasswordResponse
  }
  /** Delete an app password; what its owner has open over SFTP and SSH ends. */
  readonly deleteAppPassword: {
    readonly params: DeleteAppPasswordParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteAppPasswordResponse
  }
  /** Change the own e-mail address. */
  readonly changeEmail: {
    readonly params: undefined
    readonly query: undefined
    readonly body: ChangeEmailBody
    readonly response: ChangeEmailResponse
  }
  /** Change the own password; every other session ends. */
  readonly changePassword: {
    readonly params: undefined
    readonly query: undefined
    readonly body: ChangePasswordBody
    readonly response: ChangePasswordResponse
  }
  /** List where the account is signed in. */
  readonly listSessions: {
    readonly params: undefined
    readonly query: ListSessionsQuery
    readonly body: undefined
    readonly response: ListSessionsResponse
  }
  /** End a session. */
  readonly deleteSession: {
    readonly params: DeleteSessionParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteSessionResponse
  }
  /** List the own SSH keys. */
  readonly listSshKeys: {
    readonly params: undefined
    readonly query: ListSshKeysQuery
    readonly body: undefined
    readonly response: ListSshKeysResponse
  }
  /** Add a public key for SFTP and SSH. */
  readonly addSshKey: {
    readonly params: undefined
    readonly query: undefined
    readonly body: AddSshKeyBody
    readonly response: AddSshKeyResponse
  }
  /** Rename an SSH key. */
  readonly updateSshKey: {
    readonly params: UpdateSshKeyParams
    readonly query: undefined
    readonly body: UpdateSshKeyBody
    readonly response: UpdateSshKeyResponse
  }
  /** Delete an SSH key; what its owner has open over SFTP and SSH ends. */
  readonly deleteSshKey: {
    readonly params: DeleteSshKeyParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteSshKeyResponse
  }
  /** Add the public keys that somebody has published at GitHub or GitLab. */
  readonly importSshKeys: {
    readonly params: undefined
    readonly query: undefined
    readonly body: ImportSshKeysBody
    readonly response: ImportSshKeysResponse
  }
  /** Read the activity log of the panel, newest first. */
  readonly listActivity: {
    readonly params: undefined
    readonly query: ListActivityQuery
    readonly body: undefined
    readonly response: ListActivityResponse
  }
  /** Redeem an enrolment token. */
  readonly enrolAgent: {
    readonly params: undefined
    readonly query: undefined
    readonly body: EnrolAgentBody
    readonly response: EnrolAgentResponse
  }
  /** Sign in with e-mail (or username) and password. */
  readonly signIn: {
    readonly params: undefined
    readonly query: undefined
    readonly body: SignInBody
    readonly response: SignInResponse
  }
  /** End the current session. */
  readonly signOut: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly response: SignOutResponse
  }
  /** List egg repositories. */
  readonly listEggRepositories: {
    readonly params: undefined
    readonly query: ListEggRepositoriesQuery
    readonly body: undefined
    readonly response: ListEggRepositoriesResponse
  }
  /** Add an egg repository and read it for the first time. */
  readonly createEggRepository: {
    readonly params: undefined
    readonly query: undefined
    readonly body: CreateEggRepositoryBody
    readonly response: CreateEggRepositoryResponse
  }
  /** Read an egg repository. */
  readonly getEggRepository: {
    readonly params: GetEggRepositoryParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetEggRepositoryResponse
  }
  /** Change an egg repository; another address, branch or folder needs a sync to show. */
  readonly updateEggRepository: {
    readonly params: UpdateEggRepositoryParams
    readonly query: undefined
    readonly body: UpdateEggRepositoryBody
    readonly response: UpdateEggRepositoryResponse
  }
  /** Remove an egg repository; eggs that were installed from it stay. */
  readonly deleteEggRepository: {
    readonly params: DeleteEggRepositoryParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteEggRepositoryResponse
  }
  /** Browse the eggs of a repository, by path. */
  readonly listEggRepositoryEggs: {
    readonly params: ListEggRepositoryEggsParams
    readonly query: ListEggRepositoryEggsQuery
    readonly body: undefined
    readonly response: ListEggRepositoryEggsResponse
  }
  /** Read an egg of a repository with its file and findings. */
  readonly getEggRepositoryEgg: {
    readonly params: GetEggRepositoryEggParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetEggRepositoryEggResponse
  }
  /** Install eggs of a repository into a nest; those that are installed already are left as they are. */
  readonly installRepositoryEggs: {
    readonly params: InstallRepositoryEggsParams
    readonly query: undefined
    readonly body: InstallRepositoryEggsBody
    readonly response: InstallRepositoryEggsResponse
  }
  /** Read an egg repository again; one sync at a time, a second request joins the first. */
  readonly syncEggRepository: {
    readonly params: SyncEggRepositoryParams
    readonly query: undefined
    readonly body: undefined
    readonly response: SyncEggRepositoryResponse
  }
  /** List eggs. */
  readonly listEggs: {
    readonly params: undefined
    readonly query: ListEggsQuery
    readonly body: undefined
    readonly response: ListEggsResponse
  }
  /** Import an egg file: any Pterodactyl or Pelican format, JSON or YAML. */
  readonly importEgg: {
    readonly params: undefined
    readonly query: undefined
    readonly body: ImportEggBody
    readonly response: ImportEggResponse
  }
  /** Read an egg with its variables. */
  readonly getEgg: {
    readonly params: GetEggParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetEggResponse
  }
  /** Delete an egg that no server uses. */
  readonly deleteEgg: {
    readonly params: DeleteEggParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteEggResponse
  }
  /** Write an egg in a format of choice, and list what that format cannot hold. */
  readonly exportEgg: {
    readonly params: ExportEggParams
    readonly query: ExportEggQuery
    readonly body: undefined
    readonly response: ExportEggResponse
  }
  /** Read the egg file as it was imported. */
  readonly getEggSource: {
    readonly params: GetEggSourceParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetEggSourceResponse
  }
  /** Update an egg to the version whose changes were shown; servers keep their values. */
  readonly updateEgg: {
    readonly params: UpdateEggParams
    readonly query: undefined
    readonly body: UpdateEggBody
    readonly response: UpdateEggResponse
  }
  /** Say what an update of an egg would change, and for which servers. */
  readonly checkEggUpdate: {
    readonly params: CheckEggUpdateParams
    readonly query: undefined
    readonly body: CheckEggUpdateBody
    readonly response: CheckEggUpdateResponse
  }
  /** Read an egg file and say what would be imported, without importing it. */
  readonly checkEgg: {
    readonly params: undefined
    readonly query: undefined
    readonly body: CheckEggBody
    readonly response: CheckEggResponse
  }
  /** Fetch an egg file from an address, to check or import it. */
  readonly fetchEgg: {
    readonly params: undefined
    readonly query: undefined
    readonly body: FetchEggBody
    readonly response: FetchEggResponse
  }
  /** Ask whether the panel is ready to serve. */
  readonly getHealth: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly response: GetHealthResponse
  }
  /** List locations. */
  readonly listLocations: {
    readonly params: undefined
    readonly query: ListLocationsQuery
    readonly body: undefined
    readonly response: ListLocationsResponse
  }
  /** Create a location, a group of nodes. */
  readonly createLocation: {
    readonly params: undefined
    readonly query: undefined
    readonly body: CreateLocationBody
    readonly response: CreateLocationResponse
  }
  /** Rename a location. */
  readonly updateLocation: {
    readonly params: UpdateLocationParams
    readonly query: undefined
    readonly body: UpdateLocationBody
    readonly response: UpdateLocationResponse
  }
  /** Delete a location without nodes. */
  readonly deleteLocation: {
    readonly params: DeleteLocationParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteLocationResponse
  }
  /** Read what the panel knows of itself, in the text format of Prometheus. */
  readonly scrapeMetrics: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly response: ScrapeMetricsResponse
  }
  /** List nests. */
  readonly listNests: {
    readonly params: undefined
    readonly query: ListNestsQuery
    readonly body: undefined
    readonly response: ListNestsResponse
  }
  /** Create a nest, a group of eggs. */
  readonly createNest: {
    readonly params: undefined
    readonly query: undefined
    readonly body: CreateNestBody
    readonly response: CreateNestResponse
  }
  /** Rename a nest. */
  readonly updateNest: {
    readonly params: UpdateNestParams
    readonly query: undefined
    readonly body: UpdateNestBody
    readonly response: UpdateNestResponse
  }
  /** Delete an empty nest. */
  readonly deleteNest: {
    readonly params: DeleteNestParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteNestResponse
  }
  /** List nodes. */
  readonly listNodes: {
    readonly params: undefined
    readonly query: ListNodesQuery
    readonly body: undefined
    readonly response: ListNodesResponse
  }
  /** Create a node; an agent is enrolled on it afterwards, or a Wings configured. */
  readonly createNode: {
    readonly params: undefined
    readonly query: undefined
    readonly body: CreateNodeBody
    readonly response: CreateNodeResponse
  }
  /** Read a node. */
  readonly getNode: {
    readonly params: GetNodeParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetNodeResponse
  }
  /** Change a node. */
  readonly updateNode: {
    readonly params: UpdateNodeParams
    readonly query: undefined
    readonly body: UpdateNodeBody
    readonly response: UpdateNodeResponse
  }
  /** Delete a node without servers; its agent is disconnected. */
  readonly deleteNode: {
    readonly params: DeleteNodeParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteNodeResponse
  }
  /** List the addresses of a node. */
  readonly listAllocations: {
    readonly params: ListAllocationsParams
    readonly query: ListAllocationsQuery
    readonly body: undefined
    readonly response: ListAllocationsResponse
  }
  /** Add addresses: an IP or CIDR block with ports and port ranges. */
  readonly createAllocations: {
    readonly params: CreateAllocationsParams
    readonly query: undefined
    readonly body: CreateAllocationsBody
    readonly response: CreateAllocationsResponse
  }
  /** Delete a free address. */
  readonly deleteAllocation: {
    readonly params: DeleteAllocationParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteAllocationResponse
  }
  /** Take a node out of recovery after looking at it. */
  readonly confirmNode: {
    readonly params: ConfirmNodeParams
    readonly query: undefined
    readonly body: undefined
    readonly response: ConfirmNodeResponse
  }
  /** Make a single-use token that enrols an agent; valid for one hour. */
  readonly createEnrolmentToken: {
    readonly params: CreateEnrolmentTokenParams
    readonly query: undefined
    readonly body: undefined
    readonly response: CreateEnrolmentTokenResponse
  }
  /** Read what a whole machine used over a time. */
  readonly readNodeMetrics: {
    readonly params: ReadNodeMetricsParams
    readonly query: ReadNodeMetricsQuery
    readonly body: undefined
    readonly response: ReadNodeMetricsResponse
  }
  /** List the servers that a node keeps and the panel does not know there. */
  readonly listOrphans: {
    readonly params: ListOrphansParams
    readonly query: ListOrphansQuery
    readonly body: undefined
    readonly response: ListOrphansResponse
  }
  /** Remove an orphaned server from its node, with container and files. */
  readonly removeOrphan: {
    readonly params: RemoveOrphanParams
    readonly query: undefined
    readonly body: undefined
    readonly response: RemoveOrphanResponse
  }
  /** Take an orphaned server over, with its id and its files. */
  readonly adoptOrphan: {
    readonly params: AdoptOrphanParams
    readonly query: undefined
    readonly body: AdoptOrphanBody
    readonly response: AdoptOrphanResponse
  }
  /** Have the agent of a node make a new secret, and connect again with it. */
  readonly rotateNodeSecret: {
    readonly params: RotateNodeSecretParams
    readonly query: undefined
    readonly body: undefined
    readonly response: RotateNodeSecretResponse
  }
  /** Make new credentials for a Wings node and the config.yml with them; those before end. */
  readonly createWingsConfiguration: {
    readonly params: CreateWingsConfigurationParams
    readonly query: undefined
    readonly body: undefined
    readonly response: CreateWingsConfigurationResponse
  }
  /** List jobs of the servers the caller has access to, newest first. */
  readonly listOperations: {
    readonly params: undefined
    readonly query: ListOperationsQuery
    readonly body: undefined
    readonly response: ListOperationsResponse
  }
  /** Read a job with its progress. */
  readonly getOperation: {
    readonly params: GetOperationParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetOperationResponse
  }
  /** Cancel a job; needs the permission that started it. */
  readonly cancelOperation: {
    readonly params: CancelOperationParams
    readonly query: undefined
    readonly body: undefined
    readonly response: CancelOperationResponse
  }
  /** List the servers the caller has access to. */
  readonly listServers: {
    readonly params: undefined
    readonly query: ListServersQuery
    readonly body: undefined
    readonly response: ListServersResponse
  }
  /** Create and install a server. */
  readonly createServer: {
    readonly params: undefined
    readonly query: undefined
    readonly body: CreateServerBody
    readonly response: CreateServerResponse
  }
  /** Read a server. */
  readonly getServer: {
    readonly params: GetServerParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetServerResponse
  }
  /** Rename a server. */
  readonly updateServer: {
    readonly params: UpdateServerParams
    readonly query: undefined
    readonly body: UpdateServerBody
    readonly response: UpdateServerResponse
  }
  /** Delete a server with all its files. */
  readonly deleteServer: {
    readonly params: DeleteServerParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteServerResponse
  }
  /** Read who did what on a server, newest first. */
  readonly listServerActivity: {
    readonly params: ListServerActivityParams
    readonly query: ListServerActivityQuery
    readonly body: undefined
    readonly response: ListServerActivityResponse
  }
  /** Change owner, limits and external id of a server. */
  readonly updateServerBuild: {
    readonly params: UpdateServerBuildParams
    readonly query: undefined
    readonly body: UpdateServerBuildBody
    readonly response: UpdateServerBuildResponse
  }
  /** Send a line to the console. */
  readonly sendCommand: {
    readonly params: SendCommandParams
    readonly query: undefined
    readonly body: SendCommandBody
    readonly response: SendCommandResponse
  }
  /** Read the newest console lines, or those after a cursor. */
  readonly readConsole: {
    readonly params: ReadConsoleParams
    readonly query: ReadConsoleQuery
    readonly body: undefined
    readonly response: ReadConsoleResponse
  }
  /** List the runs of which console lines are kept, newest first. */
  readonly listConsoleRuns: {
    readonly params: ListConsoleRunsParams
    readonly query: undefined
    readonly body: undefined
    readonly response: ListConsoleRunsResponse
  }
  /** Search the stored console of all runs, newest lines first. */
  readonly searchConsole: {
    readonly params: SearchConsoleParams
    readonly query: SearchConsoleQuery
    readonly body: undefined
    readonly response: SearchConsoleResponse
  }
  /** Answer what the server asked for: accept the EULA, or take another Java image; then restart it. */
  readonly answerFeature: {
    readonly params: AnswerFeatureParams
    readonly query: undefined
    readonly body: AnswerFeatureBody
    readonly response: AnswerFeatureResponse
  }
  /** Make an empty file, a directory or a symbolic link where nothing is. */
  readonly createFile: {
    readonly params: CreateFileParams
    readonly query: undefined
    readonly body: CreateFileBody
    readonly response: CreateFileResponse
  }
  /** Download one file out of an archive without unpacking the others, or the part of it that `Range` names. */
  readonly readArchiveMember: {
    readonly params: ReadArchiveMemberParams
    readonly query: ReadArchiveMemberQuery
    readonly body: undefined
    readonly response: ReadArchiveMemberResponse
  }
  /** List a directory inside an archive, directories first, without unpacking it; `total` is always there. */
  readonly listArchive: {
    readonly params: ListArchiveParams
    readonly query: ListArchiveQuery
    readonly body: undefined
    readonly response: ListArchiveResponse
  }
  /** Read the checksum of a file. */
  readonly readChecksum: {
    readonly params: ReadChecksumParams
    readonly query: ReadChecksumQuery
    readonly body: undefined
    readonly response: ReadChecksumResponse
  }
  /** Change permissions of files, or of everything below directories. */
  readonly changeFileModes: {
    readonly params: ChangeFileModesParams
    readonly query: undefined
    readonly body: ChangeFileModesBody
    readonly response: ChangeFileModesResponse
  }
  /** Download a file, or the part of it that `Range` names. */
  readonly readFile: {
    readonly params: ReadFileParams
    readonly query: ReadFileQuery
    readonly body: undefined
    readonly response: ReadFileResponse
  }
  /** Replace the content of a file in one step; making a new one needs `file.create` as well. */
  readonly writeFile: {
    readonly params: WriteFileParams
    readonly query: WriteFileQuery
    readonly body: WriteFileBody
    readonly response: WriteFileResponse
  }
  /** Copy a file or a whole directory to a name that is free. */
  readonly copyFile: {
    readonly params: CopyFileParams
    readonly query: undefined
    readonly body: CopyFileBody
    readonly response: CopyFileResponse
  }
  /** Copy files and directories to another server, on whichever node. */
  readonly copyFilesToServer: {
    readonly params: CopyFilesToServerParams
    readonly query: undefined
    readonly body: CopyFilesToServerBody
    readonly response: CopyFilesToServerResponse
  }
  /** Read the beginning of a file that is compressed with gzip, zstd, xz, bzip2 or lz4, decompressed. */
  readonly readDecompressedFile: {
    readonly params: ReadDecompressedFileParams
    readonly query: ReadDecompressedFileQuery
    readonly body: undefined
    readonly response: ReadDecompressedFileResponse
  }
  /** Move files and directories to the trash, or remove them for ever. */
  readonly deleteFiles: {
    readonly params: DeleteFilesParams
    readonly query: undefined
    readonly body: DeleteFilesBody
    readonly response: DeleteFilesResponse
  }
  /** Make a link under which the node itself gives a file. */
  readonly openDirectDownload: {
    readonly params: OpenDirectDownloadParams
    readonly query: undefined
    readonly body: OpenDirectDownloadBody
    readonly response: OpenDirectDownloadResponse
  }
  /** Count what a directory takes on the disk, by what lies in it. */
  readonly readDiskUse: {
    readonly params: ReadDiskUseParams
    readonly query: ReadDiskUseQuery
    readonly body: undefined
    readonly response: ReadDiskUseResponse
  }
  /** Download a file or a directory as an archive that is packed while it is sent. */
  readonly downloadFiles: {
    readonly params: DownloadFilesParams
    readonly query: DownloadFilesQuery
    readonly body: undefined
    readonly response: DownloadFilesResponse
  }
  /** Make a link under which a selection of files can be downloaded as an archive, once. */
  readonly prepareDownload: {
    readonly params: PrepareDownloadParams
    readonly query: undefined
    readonly body: PrepareDownloadBody
    readonly response: PrepareDownloadResponse
  }
  /** Download what a link was made for; only who made it can, and only once. */
  readonly takeDownload: {
    readonly params: TakeDownloadParams
    readonly query: undefined
    readonly body: undefined
    readonly response: TakeDownloadResponse
  }
  /** Describe a file, a directory or a link. */
  readonly getFile: {
    readonly params: GetFileParams
    readonly query: GetFileQuery
    readonly body: undefined
    readonly response: GetFileResponse
  }
  /** List what a file was, newest first, with who saved it and when. */
  readonly listFileHistory: {
    readonly params: ListFileHistoryParams
    readonly query: ListFileHistoryQuery
    readonly body: undefined
    readonly response: ListFileHistoryResponse
  }
  /** Forget what a file was; without a path, what all files were. */
  readonly forgetFileHistory: {
    readonly params: ForgetFileHistoryParams
    readonly query: ForgetFileHistoryQuery
    readonly body: undefined
    readonly response: ForgetFileHistoryResponse
  }
  /** Download what a file was. */
  readonly readFileRevision: {
    readonly params: ReadFileRevisionParams
    readonly query: ReadFileRevisionQuery
    readonly body: undefined
    readonly response: ReadFileRevisionResponse
  }
  /** List files that are gone and have a history, newest first. */
  readonly listLostFiles: {
    readonly params: ListLostFilesParams
    readonly query: undefined
    readonly body: undefined
    readonly response: ListLostFilesResponse
  }
  /** Make a file again what it was; one that is gone needs `file.create` as well. */
  readonly restoreFileRevision: {
    readonly params: RestoreFileRevisionParams
    readonly query: undefined
    readonly body: RestoreFileRevisionBody
    readonly response: RestoreFileRevisionResponse
  }
  /** List a directory, directories first; `total` is always there. */
  readonly listFiles: {
    readonly params: ListFilesParams
    readonly query: ListFilesQuery
    readonly body: undefined
    readonly response: ListFilesResponse
  }
  /** Rename or move files and directories. */
  readonly moveFiles: {
    readonly params: MoveFilesParams
    readonly query: undefined
    readonly body: MoveFilesBody
    readonly response: MoveFilesResponse
  }
  /** Pack files and directories into a new archive. */
  readonly packFiles: {
    readonly params: PackFilesParams
    readonly query: undefined
    readonly body: PackFilesBody
    readonly response: PackFilesResponse
  }
  /** Let the node fetch a file from an address on the web. */
  readonly pullFile: {
    readonly params: PullFileParams
    readonly query: undefined
    readonly body: PullFileBody
    readonly response: PullFileResponse
  }
  /** Rename files of one directory by rules: all of them, or none. */
  readonly renameFiles: {
    readonly params: RenameFilesParams
    readonly query: undefined
    readonly body: RenameFilesBody
    readonly response: RenameFilesResponse
  }
  /** Show which names files would get by rules, and what stands in the way. */
  readonly previewRename: {
    readonly params: PreviewRenameParams
    readonly query: undefined
    readonly body: PreviewRenameBody
    readonly response: PreviewRenameResponse
  }
  /** Look for names and text below a directory; text needs `file.read-content` as well. */
  readonly searchFiles: {
    readonly params: SearchFilesParams
    readonly query: undefined
    readonly body: SearchFilesBody
    readonly response: SearchFilesResponse
  }
  /** List what was deleted and can be restored, newest first. */
  readonly listTrash: {
    readonly params: ListTrashParams
    readonly query: undefined
    readonly body: undefined
    readonly response: ListTrashResponse
  }
  /** Remove deleted files for ever; all of them without a list. */
  readonly emptyTrash: {
    readonly params: EmptyTrashParams
    readonly query: undefined
    readonly body: EmptyTrashBody
    readonly response: EmptyTrashResponse
  }
  /** Put deleted files back to where they were, or to another name. */
  readonly restoreTrash: {
    readonly params: RestoreTrashParams
    readonly query: undefined
    readonly body: RestoreTrashBody
    readonly response: RestoreTrashResponse
  }
  /** Unpack an archive (zip, tar, 7z, rar), or a single file compressed with gzip, zstd, xz, bzip2 or lz4. */
  readonly unpackFile: {
    readonly params: UnpackFileParams
    readonly query: undefined
    readonly body: UnpackFileBody
    readonly response: UnpackFileResponse
  }
  /** Begin to upload a file in pieces; replacing one needs `file.update` as well. */
  readonly beginUpload: {
    readonly params: BeginUploadParams
    readonly query: undefined
    readonly body: BeginUploadBody
    readonly response: BeginUploadResponse
  }
  /** Read how far an upload has come. */
  readonly getUpload: {
    readonly params: GetUploadParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetUploadResponse
  }
  /** Add bytes to an upload, from its present end on. */
  readonly appendUpload: {
    readonly params: AppendUploadParams
    readonly query: AppendUploadQuery
    readonly body: AppendUploadBody
    readonly response: AppendUploadResponse
  }
  /** Throw an upload away. */
  readonly cancelUpload: {
    readonly params: CancelUploadParams
    readonly query: undefined
    readonly body: undefined
    readonly response: CancelUploadResponse
  }
  /** Make a link under which the node itself takes the rest of an upload, by `PATCH`. */
  readonly openDirectUpload: {
    readonly params: OpenDirectUploadParams
    readonly query: undefined
    readonly body: undefined
    readonly response: OpenDirectUploadResponse
  }
  /** Give a complete upload its name. */
  readonly finishUpload: {
    readonly params: FinishUploadParams
    readonly query: undefined
    readonly body: undefined
    readonly response: FinishUploadResponse
  }
  /** Suspend a server; lifting one hold leaves the others in force. */
  readonly placeHold: {
    readonly params: PlaceHoldParams
    readonly query: undefined
    readonly body: PlaceHoldBody
    readonly response: PlaceHoldResponse
  }
  /** Lift a hold. */
  readonly liftHold: {
    readonly params: LiftHoldParams
    readonly query: undefined
    readonly body: undefined
    readonly response: LiftHoldResponse
  }
  /** Choose another image of the egg; it is used from the next start on. */
  readonly updateImage: {
    readonly params: UpdateImageParams
    readonly query: undefined
    readonly body: UpdateImageBody
    readonly response: UpdateImageResponse
  }
  /** Change what happens when a server crashes, and when it does not stop. */
  readonly updateServerLifecycle: {
    readonly params: UpdateServerLifecycleParams
    readonly query: undefined
    readonly body: UpdateServerLifecycleBody
    readonly response: UpdateServerLifecycleResponse
  }
  /** Make a link under which the node itself gives the live topics of a server. */
  readonly openDirectLive: {
    readonly params: OpenDirectLiveParams
    readonly query: undefined
    readonly body: undefined
    readonly response: OpenDirectLiveResponse
  }
  /** Read what a server used over a time. */
  readonly readServerMetrics: {
    readonly params: ReadServerMetricsParams
    readonly query: ReadServerMetricsQuery
    readonly body: undefined
    readonly response: ReadServerMetricsResponse
  }
  /** Start, stop, restart or kill a server. */
  readonly powerServer: {
    readonly params: PowerServerParams
    readonly query: undefined
    readonly body: PowerServerBody
    readonly response: PowerServerResponse
  }
  /** Stop the server and run its install script again. */
  readonly reinstallServer: {
    readonly params: ReinstallServerParams
    readonly query: undefined
    readonly body: undefined
    readonly response: ReinstallServerResponse
  }
  /** Read startup command, image and variables. */
  readonly getStartup: {
    readonly params: GetStartupParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetStartupResponse
  }
  /** Change variables and, for administrators, the startup command. */
  readonly updateStartup: {
    readonly params: UpdateStartupParams
    readonly query: undefined
    readonly body: UpdateStartupBody
    readonly response: UpdateStartupResponse
  }
  /** Read what a running server uses now. */
  readonly readStats: {
    readonly params: ReadStatsParams
    readonly query: undefined
    readonly body: undefined
    readonly response: ReadStatsResponse
  }
  /** List who has access to a server. */
  readonly listSubusers: {
    readonly params: ListSubusersParams
    readonly query: ListSubusersQuery
    readonly body: undefined
    readonly response: ListSubusersResponse
  }
  /** Give somebody access to a server; nobody grants what they lack. */
  readonly createSubuser: {
    readonly params: CreateSubuserParams
    readonly query: undefined
    readonly body: CreateSubuserBody
    readonly response: CreateSubuserResponse
  }
  /** Change what somebody may do on a server. */
  readonly updateSubuser: {
    readonly params: UpdateSubuserParams
    readonly query: undefined
    readonly body: UpdateSubuserBody
    readonly response: UpdateSubuserResponse
  }
  /** Take away access; live channels close at once. */
  readonly deleteSubuser: {
    readonly params: DeleteSubuserParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteSubuserResponse
  }
  /** Read what a server used, hour by hour, newest first. */
  readonly readServerUsage: {
    readonly params: ReadServerUsageParams
    readonly query: ReadServerUsageQuery
    readonly body: undefined
    readonly response: ReadServerUsageResponse
  }
  /** Say where a server would be placed and why, without creating it. */
  readonly planServer: {
    readonly params: undefined
    readonly query: undefined
    readonly body: PlanServerBody
    readonly response: PlanServerResponse
  }
  /** Read how people may sign in over SFTP and SSH. */
  readonly getSshSettings: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly response: GetSshSettingsResponse
  }
  /** Change how people may sign in over SFTP and SSH. */
  readonly updateSshSettings: {
    readonly params: undefined
    readonly query: undefined
    readonly body: UpdateSshSettingsBody
    readonly response: UpdateSshSettingsResponse
  }
  /** Read what this panel is and how to sign in. */
  readonly getSystem: {
    readonly params: undefined
    readonly query: undefined
    readonly body: undefined
    readonly response: GetSystemResponse
  }
  /** List what servers used, hour by hour, newest first. */
  readonly listUsage: {
    readonly params: undefined
    readonly query: ListUsageQuery
    readonly body: undefined
    readonly response: ListUsageResponse
  }
  /** Download usage records as CSV, oldest first. */
  readonly exportUsage: {
    readonly params: undefined
    readonly query: ExportUsageQuery
    readonly body: undefined
    readonly response: ExportUsageResponse
  }
  /** List users. */
  readonly listUsers: {
    readonly params: undefined
    readonly query: ListUsersQuery
    readonly body: undefined
    readonly response: ListUsersResponse
  }
  /** Create a user. */
  readonly createUser: {
    readonly params: undefined
    readonly query: undefined
    readonly body: CreateUserBody
    readonly response: CreateUserResponse
  }
  /** Read a user. */
  readonly getUser: {
    readonly params: GetUserParams
    readonly query: undefined
    readonly body: undefined
    readonly response: GetUserResponse
  }
  /** Change a user; a frozen or suspended user is signed out everywhere. */
  readonly updateUser: {
    readonly params: UpdateUserParams
    readonly query: undefined
    readonly body: UpdateUserBody
    readonly response: UpdateUserResponse
  }
  /** Delete a user who owns no servers. */
  readonly deleteUser: {
    readonly params: DeleteUserParams
    readonly query: undefined
    readonly body: undefined
    readonly response: DeleteUserResponse
  }
}

/** What an event of each kind of live topic carries. */
export interface LiveEvents {
  /** Console lines of a server. */
  readonly 'server-console': {
    readonly lines: readonly ConsoleLine[]
    readonly skipped?: number
  }
  /** Resource use of a server. */
  readonly 'server-stats': {
    readonly stats: ServerStats
  }
  /** Changes in a directory of a server. */
  readonly 'server-files': {
    readonly names: readonly string[] | null
  }
  /** State and changes of a server. */
  readonly 'server': {
    readonly server: string
    readonly state: ServerState
    readonly revision: number
    readonly deleted?: boolean
  }
  /** State and changes of all own servers. */
  readonly 'servers': {
    readonly server: string
    readonly state: ServerState
    readonly revision: number
    readonly deleted?: boolean
  }
  /** Progress of jobs. */
  readonly 'operations': {
    readonly operation: Operation
  }
  /** State of nodes. */
  readonly 'nodes': {
    readonly node: string
    readonly status: string
    readonly revision: number
  }
}

/** A message to the live channel. */
export type LiveRequest = {
  readonly type: 'subscribe'
  readonly id: number
  readonly topic: string
  readonly cursor?: string | undefined
} | {
  readonly type: 'unsubscribe'
  readonly id: number
  readonly topic: string
} | {
  readonly type: 'ping'
  readonly id: number
} | {
  readonly type: 'command'
  readonly id: number
  readonly server: string
  readonly command: string
}

/** A message from the live channel. */
export type LiveMessage = {
  readonly type: 'hello'
  readonly at: number
  readonly version: string
} | {
  readonly type: 'ok'
  readonly id: number
  readonly result?: unknown
} | {
  readonly type: 'error'
  readonly id: number | null
  readonly error: {
    readonly code: string
    readonly message: string
    readonly details?: Readonly<Record<string, unknown>>
  }
} | {
  readonly type: 'event'
  readonly topic: string
  readonly cursor?: string
  readonly event: unknown
} | {
  readonly type: 'resync'
  readonly topic: string
} | {
  readonly type: 'revoked'
  readonly topic: string
  readonly code: string
}
