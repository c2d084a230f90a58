import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { StateFile } from './state-file.ts'

/** Who this installation is, and the node it was enrolled as. */
export interface Identity {
  /** Random id of this installation. */
  readonly installation: string
  /** 32 random bytes, base64url; made and stored before it is ever sent (RULES 15). */
  readonly secret: string
  readonly enrolment: Enrolment | null
  /** The state file lies on another machine or in another directory than it was made for (RULES 3). */
  readonly isMoved: boolean
}

export interface Enrolment {
  readonly node: string
  readonly keyId: string
  readonly panelUrl: string
  readonly linkPath: string
}

interface IdentityRow {
  readonly installation: string
  readonly machine: string
  readonly data_directory: string
  readonly node: string | null
  readonly key_id: string | null
  readonly secret: string
  readonly panel_url: string | null
  readonly link_path: string | null
}

export interface Binding {
  readonly machine: string
  /** `device:inode` of the data directory. */
  readonly dataDirectory: string
}

/** What ties an installation to its machine. */
export function readBinding(dataDirectory: string): Binding {
  const { dev, ino } = statSync(dataDirectory, { bigint: true })
  return { machine: readMachineId(), dataDirectory: `${dev}:${ino}` }
}

function readMachineId(): string {
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      const id = readFileSync(path, 'utf8').trim()
      if (id !== '') return id
    } catch {
      // This machine keeps its id elsewhere, or has none.
    }
  }
  return 'unknown'
}

export class IdentityStore {
  readonly #state: StateFile
  readonly #binding: Binding

  constructor(state: StateFile, binding: Binding) {
    this.#state = state
    this.#binding = binding
    state.sql.run(
      'insert or ignore into identity (id, installation, machine, data_directory, secret) values (1, ?, ?, ?, ?)',
      randomUUID(),
      binding.machine,
      binding.dataDirectory,
      randomBytes(32).toString('base64url'),
    )
  }

  read(): Identity {
    const row = this.#state.sql.get<IdentityRow>('select * from identity where id = 1')
    if (!row) throw new Error('The state file has no identity.')
    const { node, key_id, panel_url, link_path } = row
    return {
      installation: row.installation,
      secret: row.secret,
      enrolment:
        node && key_id && panel_url && link_path
          ? { node, keyId: key_id, panelUrl: panel_url, linkPath: link_path }
          : null,
      isMoved: row.machine !== this.#binding.machine || row.data_directory !== this.#binding.dataDirectory,
    }
  }

  storeEnrolment({ node, keyId, panelUrl, linkPath }: Enrolment, at: number): void {
    this.#state.sql.run(
      'update identity set node = ?, key_id = ?, panel_url = ?, link_path = ?, enrolled_at = ? where id = 1',
      node,
      keyId,
      panelUrl,
      linkPath,
      at,
    )
  }

  /** An administrator says that the move was meant: the installation is bound to this machine from now on. */
  confirmMove(): void {
    const { machine, dataDirectory } = this.#binding
    this.#state.sql.run('update identity set machine = ?, data_directory = ? where id = 1', machine, dataDirectory)
  }

  /** Starts over for another node: a fresh secret, no enrolment. */
  renew(): void {
    this.#state.sql.run('delete from node_secrets')
    this.#state.sql.run(
      'update identity set node = null, key_id = null, panel_url = null, link_path = null, enrolled_at = null, secret = ? where id = 1',
      randomBytes(32).toString('base64url'),
    )
  }
}
