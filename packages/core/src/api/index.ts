export {
  changeEmail,
  changePassword,
  createApiKey,
  deleteApiKey,
  deleteSession,
  getAccount,
  listApiKeys,
  listSessions,
  signIn,
  signOut,
  updateAccount,
} from './account.ts'
export {
  Bytes,
  contract,
  isBytes,
  type BodyOf,
  type Contract,
  type ContractSpec,
  type HttpMethod,
  type OperationClass,
  type ParamsOf,
  type PermissionSpec,
  type QueryOf,
  type RateClass,
  type ResponseOf,
} from './contract.ts'
export {
  createEggRepository,
  deleteEggRepository,
  getEggRepository,
  getEggRepositoryEgg,
  installRepositoryEggs,
  listEggRepositories,
  listEggRepositoryEggs,
  syncEggRepository,
  updateEggRepository,
} from './egg-repositories.ts'
export { checkEggUpdate, exportEgg, fetchEgg, updateEgg } from './egg-updates.ts'
export {
  checkEgg,
  createNest,
  deleteEgg,
  deleteNest,
  getEgg,
  getEggSource,
  importEgg,
  listEggs,
  listNests,
  updateNest,
} from './eggs.ts'
export {
  changeFileModes,
  copyFile,
  createFile,
  deleteFiles,
  getFile,
  listFiles,
  moveFiles,
  packFiles,
  readChecksum,
  readDiskUse,
  readFile,
  searchFiles,
  unpackFile,
  writeFile,
} from './files.ts'
export { openDirectDownload, openDirectLive, openDirectUpload } from './direct.ts'
export { listArchive, readArchiveMember, readDecompressedFile } from './archives.ts'
export {
  forgetFileHistory,
  listFileHistory,
  listLostFiles,
  readFileRevision,
  restoreFileRevision,
} from './file-history.ts'
export { FileRevision, LostFile } from './schemas/file-history.ts'
export { emptyTrash, listTrash, restoreTrash } from './trash.ts'
export {
  copyFilesToServer,
  downloadFiles,
  prepareDownload,
  previewRename,
  pullFile,
  renameFiles,
  takeDownload,
} from './transfers.ts'
export { DownloadTicket, RenamePlan, RenameRule } from './schemas/transfers.ts'
export { appendUpload, beginUpload, cancelUpload, finishUpload, getUpload } from './uploads.ts'
export {
  LIVE_TOPICS,
  LiveMessage,
  LiveRequest,
  type LiveEventOf,
  type LiveTopic,
  type LiveTopicKind,
  type LiveTopicName,
} from './live.ts'
export { listConsoleRuns, searchConsole } from './console-log.ts'
export { ConsoleRun } from './schemas/console-log.ts'
export { readNodeMetrics, readServerMetrics, scrapeMetrics } from './metrics.ts'
export { MetricHistory } from './schemas/metrics.ts'
export { exportUsage, listUsage, readServerUsage } from './usage.ts'
export { UsageEntry, UsageRecord } from './schemas/usage.ts'
export {
  confirmNode,
  createAllocations,
  createEnrolmentToken,
  createLocation,
  createNode,
  createWingsConfiguration,
  deleteAllocation,
  deleteLocation,
  deleteNode,
  enrolAgent,
  getNode,
  listAllocations,
  listLocations,
  listNodes,
  rotateNodeSecret,
  updateLocation,
  updateNode,
} from './nodes.ts'
export { adoptOrphan, listOrphans, removeOrphan } from './orphans.ts'
export { cancelOperation, getOperation, listActivity, listOperations } from './operations.ts'
export { CONTRACTS } from './registry.ts'
export { ErrorAnswer, named } from './schemas/common.ts'
export { EggRepository, EggRepositoryEgg, EggRepositoryEggDetail } from './schemas/egg-repositories.ts'
export {
  EggChange,
  EggExport,
  EggLoss,
  EggUpdated,
  EggUpdatePreview,
  EggUpdateServer,
  FetchedEgg,
} from './schemas/egg-updates.ts'
export { Egg, EggSummary, EggVariable, Nest, VariableInput } from './schemas/eggs.ts'
export { Orphan } from './schemas/orphans.ts'
export { ArchiveMember, DiskUse, FileEntry, FileFailures, FileMatches, TrashItem, Upload } from './schemas/files.ts'
export { Account, ApiKey, Session, Subuser, User, UserRef } from './schemas/identity.ts'
export {
  Allocation,
  EnrolmentToken,
  Location,
  Node,
  NodeHost,
  NodeStatus,
  WingsConfiguration,
} from './schemas/nodes.ts'
export {
  ActivityEvent,
  ConsoleLine,
  HoldKind,
  Limits,
  Operation,
  OperationRef,
  OperationStatus,
  PendingFeature,
  PowerAction,
  Server,
  ServerLifecycle,
  ServerExit,
  ServerState,
  ServerStats,
  ServerSummary,
  Startup,
  StartupVariable,
} from './schemas/servers.ts'
export {
  answerFeature,
  createServer,
  deleteServer,
  getServer,
  getStartup,
  liftHold,
  listServerActivity,
  listServers,
  placeHold,
  planServer,
  powerServer,
  readConsole,
  readStats,
  reinstallServer,
  sendCommand,
  updateImage,
  updateServer,
  updateServerBuild,
  updateServerLifecycle,
  updateStartup,
} from './servers.ts'
export { AppPassword, CredentialBounds, SftpAddress, SshKey, SshSettings } from './schemas/ssh.ts'
export { SFTP_VERBS, type SftpVerbName } from './sftp.ts'
export {
  addSshKey,
  createAppPassword,
  deleteAppPassword,
  deleteSshKey,
  getSshSettings,
  importSshKeys,
  listAppPasswords,
  listSshKeys,
  updateSshKey,
  updateSshSettings,
} from './ssh-access.ts'
export { createSubuser, deleteSubuser, listSubusers, updateSubuser } from './subusers.ts'
export { System, getHealth, getSystem } from './system.ts'
export { createUser, deleteUser, getUser, listUsers, updateUser } from './users.ts'
