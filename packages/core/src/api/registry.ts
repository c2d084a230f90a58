import * as account from './account.ts'
import * as archives from './archives.ts'
import * as consoleLog from './console-log.ts'
import type { ContractSpec } from './contract.ts'
import * as direct from './direct.ts'
import * as eggRepositories from './egg-repositories.ts'
import * as eggUpdates from './egg-updates.ts'
import * as eggs from './eggs.ts'
import * as fileHistory from './file-history.ts'
import * as files from './files.ts'
import * as metrics from './metrics.ts'
import * as nodes from './nodes.ts'
import * as operations from './operations.ts'
import * as orphans from './orphans.ts'
import * as servers from './servers.ts'
import * as sshAccess from './ssh-access.ts'
import * as subusers from './subusers.ts'
import * as system from './system.ts'
import * as transfers from './transfers.ts'
import * as trash from './trash.ts'
import * as uploads from './uploads.ts'
import * as usage from './usage.ts'
import * as users from './users.ts'

const modules: readonly Readonly<Record<string, unknown>>[] = [
  system,
  account,
  sshAccess,
  users,
  servers,
  files,
  archives,
  fileHistory,
  uploads,
  transfers,
  direct,
  trash,
  subusers,
  operations,
  eggs,
  eggUpdates,
  eggRepositories,
  nodes,
  orphans,
  metrics,
  usage,
  consoleLog,
]

/** Every endpoint of `/api/v1` by its operation id, in the order of the documentation. */
export const CONTRACTS: ReadonlyMap<string, ContractSpec> = new Map(
  modules.flatMap((module) =>
    Object.entries(module).filter((entry): entry is [string, ContractSpec] => isContract(entry[1])),
  ),
)

function isContract(value: unknown): value is ContractSpec {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'permission' in value
}
