import { IdentityStore, readBinding, type Binding } from './identity.ts'
import { FactStore } from './fact-store.ts'
import { OperationJournal } from './operation-journal.ts'
import { StateOutbox } from './outbox.ts'
import { SecretRing } from './secret-ring.ts'
import { ServerStore } from './server-store.ts'
import { StateFile } from './state-file.ts'
import { AccessFloors } from './access-floors.ts'
import { UsedTokens } from './used-tokens.ts'
import { chooseSqlite } from './sqlite-library.ts'
import { join } from 'node:path'

/** Everything the agent remembers, each kind behind its own door, all in one file and one transaction. */
export interface AgentState {
  /** For stores that come with a folder of their own. */
  readonly file: StateFile
  readonly identity: IdentityStore
  readonly secrets: SecretRing
  readonly servers: ServerStore
  readonly operations: OperationJournal
  readonly outbox: StateOutbox
  readonly facts: FactStore
  readonly usedTokens: UsedTokens
  readonly accessFloors: AccessFloors
  readonly isNewer: boolean
  /** Why the file is opened with `node:sqlite`; null where the preferred library works. */
  readonly sqliteFallback: unknown
  transaction<T>(work: () => T): T
  close(): void
}

export function openAgentState(dataDirectory: string, binding: Binding = readBinding(dataDirectory)): AgentState {
  const { library, fallbackReason } = chooseSqlite()
  const file = StateFile.open(join(dataDirectory, 'agent.sqlite'), { library })
  return {
    file,
    identity: new IdentityStore(file, binding),
    secrets: new SecretRing(file),
    servers: new ServerStore(file),
    operations: new OperationJournal(file),
    outbox: new StateOutbox(file),
    facts: new FactStore(file),
    usedTokens: new UsedTokens(file),
    accessFloors: new AccessFloors(file),
    isNewer: file.isNewer,
    sqliteFallback: fallbackReason,
    transaction: (work) => file.transaction(work),
    close: () => file.close(),
  }
}
