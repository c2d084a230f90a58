import { foundation } from './0001-foundation.ts'
import { eggRepositories } from './0002-egg-repositories.ts'
import { ssh } from './0003-ssh.ts'
import { usage } from './0004-usage.ts'
import { fileDownloads } from './0005-file-downloads.ts'
import { lifecycle } from './0006-lifecycle.ts'
import type { Migration } from './table.ts'

export { migrate } from './migrate.ts'
export type { Dialect, Migration, Step } from './table.ts'

/** Every migration in the order of application. A new one is added here by hand. */
export const MIGRATIONS: readonly Migration[] = [foundation, eggRepositories, ssh, usage, fileDownloads, lifecycle]
