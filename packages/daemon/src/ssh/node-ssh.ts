import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentHello, AgentSession } from '@hatchery/core/protocol'
import type { Logger } from 'pino'
import { SavedEdits, keepingBefore } from '../history/index.ts'
import type { ServerFiles } from '../server-files/index.ts'
import { pause } from '../servers/pause.ts'
import type { ServerContext } from '../servers/server-context.ts'
import type { ServerRegistry } from '../servers/server-registry.ts'
import type { SftpFiles } from '../sftp/sftp-files.ts'
import type { SshIdentity } from './ssh-access.ts'
import type { SshOptions } from './ssh-options.ts'

export interface NodeSshOptions {
  /** null serves nobody. */
  readonly ssh: SshOptions | null
  readonly dataDirectory: string
  readonly ctx: Pick<ServerContext, 'state' | 'panel' | 'now'>
  readonly files: ServerFiles
  readonly servers: ServerRegistry
  readonly connection: { readonly session: AgentSession | null }
  readonly log: Logger
}

const HOST_KEY_FILE = 'ssh_host_ed25519_key'

/** SFTP and SSH of this node: nothing of it is loaded where nobody is to be served. */
export class NodeSsh implements AsyncDisposable {
  readonly #options: NodeSshOptions
  #server: import('./ssh-server.ts').SshServer | null = null
  #fingerprint = ''
  readonly #saved = new SavedEdits()

  constructor(options: NodeSshOptions) {
    this.#options = options
  }

  /** A port that is taken, or a key that cannot be read, keeps no game server from running: it is said, and SSH stays off. */
  async start(): Promise<void> {
    const { ssh, dataDirectory, log } = this.#options
    if (!ssh) return
    try {
      const [{ SshServer }, { readHostKey }] = await Promise.all([import('./ssh-server.ts'), import('./host-key.ts')])
      const hostKey = await readHostKey(join(dataDirectory, HOST_KEY_FILE))
      const server = new SshServer({ ...(await this.#serverParts(ssh)), hostKey })
      try {
        await server.start()
      } catch (error) {
        await server[Symbol.asyncDispose]()
        throw error
      }
      this.#server = server
      this.#fingerprint = hostKey.fingerprint
    } catch (error) {
      log.error({ err: error, port: ssh.port }, 'SFTP and SSH cannot be served')
    }
  }

  /** What the panel is told; null while nobody is served. */
  get facts(): NonNullable<AgentHello['host']['ssh']> | null {
    return this.#server && { port: this.#server.port, fingerprint: this.#fingerprint }
  }

  /** The connection with the panel was made or lost. */
  onContact(isReachable: boolean): void {
    this.#server?.onContact(isReachable)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]()
    this.#server = null
    await this.#saved.settled()
  }

  async #serverParts(ssh: SshOptions) {
    const { ctx, connection, servers, log } = this.#options
    const { createPanelAccess } = await import('./panel-access.ts')
    const { shellServerOf } = await import('./shell/supervised-server.ts')
    const { state, panel, now } = ctx
    return {
      ssh,
      access: createPanelAccess(connection),
      floors: state.accessFloors,
      log,
      now,
      pause,
      filesOf: (server: string) => this.#filesOf(server),
      onSaved: ({ server, user, name }: SshIdentity, path: string) => {
        const author = { user, name, via: 'sftp' } as const
        const open = () => this.#options.files.toRead(server)
        this.#saved.add(server, { open, path, author, onFault: (error) => this.#notKept(server, error) })
      },
      serverOf({ server, user }: SshIdentity) {
        const name = state.servers.find(server)?.spec?.name ?? server.slice(0, 8)
        return shellServerOf(servers.get(server), { name, who: user, now })
      },
      tell: (event: Parameters<typeof state.outbox.append>[0]) => {
        state.outbox.append(event, now())
        panel.flush()
      },
    }
  }

  #notKept(server: string, error: unknown): void {
    this.#options.log.warn({ server, err: error }, 'a save was not kept in the history')
  }

  #filesOf(server: string): SftpFiles {
    const { ctx, files, dataDirectory } = this.#options
    const { uid = 0, gid = 0 } = ctx.state.servers.find(server) ?? {}
    return {
      owner: { uid, gid },
      toRead: () => files.toRead(server),
      toWrite: async () => keepingBefore(await files.toWrite(server), (error) => this.#notKept(server, error)),
      async diskRoom() {
        const { blocks, bavail, bsize } = await statfs(dataDirectory)
        return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
      },
    }
  }
}
