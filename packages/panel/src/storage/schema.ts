import type { EggRepositoriesTable, EggRepositoryEggsTable, EggSourcesTable } from './tables/egg-repositories.ts'
import type { EggsTable, NestsTable } from './tables/eggs.ts'
import type {
  AccessFloorsTable,
  ApiKeysTable,
  AppPasswordsTable,
  OneTimeTokensTable,
  RefsTable,
  SessionsTable,
  SshKeysTable,
  UsersTable,
} from './tables/identity.ts'
import type {
  BackupsTable,
  DatabaseHostsTable,
  DatabasesTable,
  MountLinksTable,
  MountsTable,
  ScheduleStepsTable,
  SchedulesTable,
} from './tables/imported.ts'
import type { AllocationsTable, EnrolmentTokensTable, LocationsTable, NodesTable } from './tables/nodes.ts'
import type {
  FileDownloadsTable,
  ServerAccessTable,
  ServerFeaturesTable,
  ServerHoldsTable,
  ServerVariablesTable,
  ServersTable,
  SubusersTable,
  TombstonesTable,
} from './tables/servers.ts'
import type { UsageRecordsTable } from './tables/usage.ts'
import type {
  EventLogHeadTable,
  EventLogTable,
  IdempotencyKeysTable,
  LeasesTable,
  OperationsTable,
  RawAgentEventsTable,
  RevocationsTable,
  SettingsTable,
} from './tables/work.ts'

/*
 * The panel's tables. Rules for all of them (RULES 7): `id` is AUTOINCREMENT and never leaves the process except through the
 * Pterodactyl-compatible API; `uuid` is public; times are integer milliseconds (`…_at`); booleans are 0 and 1; JSON is text;
 * `revision` rises with every visible change; `lock_count` is what `lockRow` updates.
 */

export interface Database {
  users: UsersTable
  refs: RefsTable
  sessions: SessionsTable
  api_keys: ApiKeysTable
  one_time_tokens: OneTimeTokensTable
  ssh_keys: SshKeysTable
  app_passwords: AppPasswordsTable
  access_floors: AccessFloorsTable
  locations: LocationsTable
  nodes: NodesTable
  enrolment_tokens: EnrolmentTokensTable
  allocations: AllocationsTable
  nests: NestsTable
  eggs: EggsTable
  egg_sources: EggSourcesTable
  egg_repositories: EggRepositoriesTable
  egg_repository_eggs: EggRepositoryEggsTable
  servers: ServersTable
  server_variables: ServerVariablesTable
  server_holds: ServerHoldsTable
  server_features: ServerFeaturesTable
  tombstones: TombstonesTable
  subusers: SubusersTable
  server_access: ServerAccessTable
  file_downloads: FileDownloadsTable
  usage_records: UsageRecordsTable
  operations: OperationsTable
  event_log: EventLogTable
  event_log_head: EventLogHeadTable
  raw_agent_events: RawAgentEventsTable
  revocations: RevocationsTable
  leases: LeasesTable
  idempotency_keys: IdempotencyKeysTable
  settings: SettingsTable
  mounts: MountsTable
  mount_links: MountLinksTable
  schedules: SchedulesTable
  schedule_steps: ScheduleStepsTable
  backups: BackupsTable
  database_hosts: DatabaseHostsTable
  databases: DatabasesTable
}
