import { isIP } from 'node:net'
import type { PanelParams, PanelResult, SshCredential } from '@hatchery/core/protocol'
import { EVERYTHING, SERVER_PERMISSIONS } from '@hatchery/core/permissions'
import { findServer } from '../access/authorize.ts'
import type { AuthorizedServer } from '../context.ts'
import type { SignInThrottle } from '../sessions/sign-in-throttle.ts'
import type { BaseContext } from '../services.ts'
import { canonical, type UserRow } from '../users/user-rows.ts'
import { allowsAccountPasswords, findAppPassword, findKey, fitsAccount, type FittingCredential } from './credentials.ts'

type Asked = PanelParams<'ssh.authenticate'>
type Identity = PanelResult<'ssh.authenticate'>

/** How old the time of last use may be before it is written again, unless the address is another one. */
const USED_STEP_MS = 60_000

/** Decides for nodes who may sign in over SSH and SFTP, and to what. */
export class SshDoor {
  readonly #ctx: BaseContext
  /** One for each node: what a node says of addresses makes nobody wait at another one, nor at the panel itself. */
  readonly #throttles = new Map<number, SignInThrottle>()
  readonly #writes = new Set<Promise<void>>()

  constructor(ctx: BaseContext) {
    this.#ctx = ctx
  }

  /**
   * A node may ask about servers that are on it only. Why somebody is not let in is not told.
   * @throws AppError `RATE_LIMITED` for account passwords from an address that was wrong too often
   */
  async authenticate(nodeId: number, asked: Asked): Promise<Identity> {
    const name = splitName(asked.username)
    const address = plainAddress(asked.address)
    if (!name || address === null) return null
    // The revision is read before anything that it stands for: what is taken away meanwhile makes the answer outdated.
    const user = await this.#findUser(name.user)
    const credential = await this.#check(nodeId, user, { ...asked, address })
    if (!credential || !user || user.state !== 'active') return null

    const server = await this.#reach(nodeId, user, name.server)
    if (!server || (credential.servers && !credential.servers.includes(server.uuid))) return null
    const permissions = sessionPermissions(server.permissions)
    if (permissions.length === 0) return null

    if (isProof(asked.credential)) this.#noteUse(credential, address)
    return {
      user: user.uuid,
      name: user.username,
      server: server.uuid,
      permissions,
      accessRevision: user.access_revision,
      credentialId: credential.uuid,
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#writes)
  }

  async #check(nodeId: number, user: UserRow | undefined, asked: Asked): Promise<FittingCredential | null> {
    const { credential, address } = asked
    if (credential.kind === 'publicKey') return user ? findKey(this.#ctx, user, credential, address) : null
    const { password } = credential
    const found = user && (await findAppPassword(this.#ctx, user, password, address))
    return found ?? this.#checkAccountPassword(nodeId, user, password, asked)
  }

  /** Slows guessing down as the page of the panel does. */
  async #checkAccountPassword(
    nodeId: number,
    user: UserRow | undefined,
    password: string,
    { username, address }: Asked,
  ): Promise<FittingCredential | null> {
    if (!(await allowsAccountPasswords(this.#ctx, password))) return null
    const throttle = this.#throttleOf(nodeId)
    const attempt = {
      ip: address,
      account: user?.uuid ?? canonical(username),
      isKnown: user !== undefined && (await this.#isKnown(user, address)),
    }
    const fitting = await throttle.attempt(attempt, () => fitsAccount(user, password))
    if (fitting) throttle.succeed(attempt)
    else throttle.fail(attempt)
    return fitting
  }

  /** The server, if it is on the node that asks and the person may do something there. */
  async #reach(nodeId: number, user: UserRow, ref: string): Promise<AuthorizedServer | null> {
    const { db } = this.#ctx
    const isAdmin = user.is_admin === 1
    const principal = { kind: 'host', userId: user.id, userUuid: user.uuid, isAdmin } as const
    const server = await findServer(this.#ctx, principal, ref)
    if (!server) return null
    const place = await db
      .selectFrom('servers')
      .select('id')
      .where('id', '=', server.id)
      .where('node_id', '=', nodeId)
      .where('is_deleting', '=', 0)
      .executeTakeFirst()
    if (!place) return null
    if (isAdmin) return server
    const hold = await db
      .selectFrom('server_holds')
      .select('id')
      .where('server_id', '=', server.id)
      .limit(1)
      .executeTakeFirst()
    return hold ? null : server
  }

  #findUser(name: string): Promise<UserRow | undefined> {
    const wanted = canonical(name)
    return this.#ctx.db
      .selectFrom('users')
      .selectAll()
      .where(wanted.includes('@') ? 'email' : 'username', '=', wanted)
      .executeTakeFirst()
  }

  /** Somebody has signed in to the panel from this address before, and is not held up by others. */
  async #isKnown(user: UserRow, address: string): Promise<boolean> {
    const before = await this.#ctx.db
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', user.id)
      .where('ip', '=', address)
      .limit(1)
      .executeTakeFirst()
    return before !== undefined
  }

  #throttleOf(nodeId: number): SignInThrottle {
    let throttle = this.#throttles.get(nodeId)
    if (!throttle) this.#throttles.set(nodeId, (throttle = this.#ctx.signIns.apart()))
    return throttle
  }

  /** Written beside the answer: when it fails, only a time shown to people is a little old. */
  #noteUse({ table, id, lastUsedAt, lastUsedIp }: FittingCredential, address: string): void {
    const now = this.#ctx.now()
    if (table === null) return
    if (lastUsedAt !== null && now - lastUsedAt < USED_STEP_MS && lastUsedIp === address) return
    const write = this.#ctx.store
      .transaction(async (trx) => {
        await trx.updateTable(table).set({ last_used_at: now, last_used_ip: address }).where('id', '=', id).execute()
      })
      .catch((error: unknown) => this.#ctx.log.warn({ err: error }, 'the time of last use could not be written'))
      .finally(() => this.#writes.delete(write))
    this.#writes.add(write)
  }
}

/** `user.server`: user names and e-mail addresses may hold dots themselves. */
function splitName(username: string): { readonly user: string; readonly server: string } | null {
  const match = /^(.+)\.([0-9a-f]{8}(?:-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})?)$/i.exec(username)
  return match ? { user: match[1]!, server: match[2]!.toLowerCase() } : null
}

/** An IPv4 address in the form that a socket for both kinds gives it is the same as without. Null for what is none. */
function plainAddress(address: string): string | null {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(plain) === 0 ? null : plain
}

/** A client that only asks whether a key would do has proved nothing yet. */
function isProof(credential: SshCredential): boolean {
  return credential.kind === 'password' || credential.isSigned
}

/** What counts in a session: files for those who may use SFTP, and the controls of the shell. */
function sessionPermissions(granted: readonly string[]): string[] {
  const all = granted.includes(EVERYTHING) ? Object.keys(SERVER_PERMISSIONS) : granted
  const hasFiles = all.includes('file.sftp')
  return all.filter((name) => (name.startsWith('file.') ? hasFiles : name.startsWith('control.')))
}
