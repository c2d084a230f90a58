import type { SftpVerbName } from '@hatchery/core/api'
import type { DurableEvent } from '@hatchery/core/protocol'
import type { SshIdentity } from './ssh-access.ts'

export type AuditEvent = Extract<DurableEvent, { readonly name: 'ssh.opened' | 'ssh.closed' | 'files.audit' }>
export type SshVia = 'sftp' | 'scp' | 'shell'

const TELL_MS = 60_000
const MAX_PATHS = 20
const MAX_PATH_LENGTH = 4096

export interface SshAuditOptions {
  readonly identity: SshIdentity
  readonly address: string
  readonly now: () => number
  readonly tell: (event: AuditEvent) => void
}

/** What one person has done in one connection, told once a minute in sum: every file by itself would flood the record. */
export class SshAudit implements Disposable {
  readonly #options: SshAuditOptions
  readonly #counts = new Map<SshVia, { counts: Map<SftpVerbName, number>; paths: Set<string> }>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: SshAuditOptions) {
    this.#options = options
  }

  done(via: SshVia, verb: SftpVerbName, path: string): void {
    let entry = this.#counts.get(via)
    if (!entry) this.#counts.set(via, (entry = { counts: new Map(), paths: new Set() }))
    entry.counts.set(verb, (entry.counts.get(verb) ?? 0) + 1)
    if (entry.paths.size < MAX_PATHS) entry.paths.add(path.slice(0, MAX_PATH_LENGTH))
    this.#timer ??= setTimeout(() => this.flush(), TELL_MS).unref()
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { identity, address, now, tell } = this.#options
    for (const [via, { counts, paths }] of this.#counts) {
      const data = { server: identity.server, user: identity.user, address, via, at: now() }
      tell({ name: 'files.audit', data: { ...data, counts: Object.fromEntries(counts), paths: [...paths] } })
    }
    this.#counts.clear()
  }

  [Symbol.dispose](): void {
    this.flush()
  }
}
