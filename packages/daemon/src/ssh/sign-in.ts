import type { AuthContext, PasswordAuthContext, PublicKeyAuthContext } from 'ssh2'
import { AppError } from '@hatchery/core/errors'
import type { Logger } from 'pino'
import type { AccessFloors } from '../state/access-floors.ts'
import type { AuthThrottle } from './auth-throttle.ts'
import { loadSsh2 } from './load-ssh2.ts'
import type { SshAccess, SshCredential, SshIdentity } from './ssh-access.ts'

type Method = 'publickey' | 'password' | 'keyboard-interactive'

const METHODS: Method[] = ['publickey', 'password', 'keyboard-interactive']
/** Wrong passwords and signatures of one connection, and keys that it may ask about. */
const MAX_FAILURES = 6
const MAX_QUESTIONS = 32

export interface SignInOptions {
  readonly access: SshAccess
  readonly floors: Pick<AccessFloors, 'minimumOf'>
  readonly throttle: AuthThrottle
  readonly address: string
  readonly log: Logger
  /** Fires when the connection has ended. */
  readonly signal: AbortSignal
  /** Settles after so many milliseconds, or when the signal fires. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** Too much was tried, or nobody can say: the connection ends. */
  readonly giveUp: (reason: string) => void
}

/** One connection's way in. Passwords and keys are passed on and never written down (RULES 22). */
export class SignIn {
  readonly #options: SignInOptions
  /** Keys that the panel would take from this user name; asked about once. */
  readonly #fitting = new Map<string, boolean>()
  #failures = 0
  #questions = 0
  #identity: SshIdentity | null = null

  constructor(options: SignInOptions) {
    this.#options = options
  }

  get identity(): SshIdentity | null {
    return this.#identity
  }

  /** Looks at one request of the client and answers it. */
  async take(context: AuthContext): Promise<void> {
    try {
      switch (context.method) {
        case 'publickey':
          return await this.#key(context)
        case 'password':
          return await this.#password(context, context.password)
        case 'keyboard-interactive':
          return context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
            void this.#guarded(context, () => this.#password(context, answers?.[0] ?? ''))
          })
        default:
          return context.reject(METHODS)
      }
    } catch (error) {
      this.#fail(context, error)
    }
  }

  async #guarded(context: AuthContext, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#fail(context, error)
    }
  }

  async #key(context: PublicKeyAuthContext): Promise<void> {
    const { algo, data } = context.key
    const credential = { kind: 'publicKey', algorithm: algo, key: data.toString('base64') } as const
    if (!context.signature) return this.#mayUse(context, { ...credential, isSigned: false })
    if (!(await isSignedBy(context))) return this.#refuse(context, 'publicKey')
    const identity = await this.#ask(context, { ...credential, isSigned: true })
    if (identity) return this.#accept(context, identity)
    return this.#refuse(context, 'publicKey')
  }

  /** The client has more keys than one and asks which would do. */
  async #mayUse(context: AuthContext, credential: SshCredential & { kind: 'publicKey' }): Promise<void> {
    let fits = this.#fitting.get(credential.key)
    if (fits === undefined) {
      this.#questions += 1
      if (this.#questions > MAX_QUESTIONS) return this.#options.giveUp('too many keys')
      fits = (await this.#ask(context, credential)) !== null
      this.#fitting.set(credential.key, fits)
    }
    if (fits) context.accept()
    else context.reject(METHODS)
  }

  async #password(context: AuthContext | PasswordAuthContext, password: string): Promise<void> {
    const isPossible = password.length > 0 && password.length <= 1024
    const identity = isPossible ? await this.#ask(context, { kind: 'password', password }) : null
    if (identity) return this.#accept(context, identity)
    return this.#refuse(context, 'password')
  }

  async #ask(context: AuthContext, credential: SshCredential): Promise<SshIdentity | null> {
    const { access, floors, throttle, address, pause, signal } = this.#options
    const { username } = context
    if (username.length === 0 || username.length > 255) return null
    const attempt = { address, username, kind: credential.kind }
    const delayMs = throttle.delayOf(attempt)
    if (delayMs > 0) await pause(delayMs, signal)
    signal.throwIfAborted()
    const identity = await access.authenticate({ username, address, credential }, signal)
    // What was taken back stays taken back, even if the panel has forgotten it (RULES 16).
    if (!identity || identity.accessRevision < floors.minimumOf(identity.user, identity.server)) return null
    return identity
  }

  #accept(context: AuthContext, identity: SshIdentity): void {
    this.#identity = identity
    this.#options.throttle.succeed(this.#options)
    context.accept()
  }

  #refuse(context: AuthContext, kind: SshCredential['kind']): void {
    const { throttle, address, log, giveUp } = this.#options
    throttle.fail({ address, username: context.username, kind })
    this.#failures += 1
    log.info(
      { address, username: context.username.slice(0, 255), method: context.method },
      'a sign-in over SSH was refused',
    )
    context.reject(METHODS)
    if (this.#failures >= MAX_FAILURES) giveUp('too many failures')
  }

  /** Nobody is let in while nobody can say who they are. */
  #fail(context: AuthContext, error: unknown): void {
    const { log, address, giveUp, signal } = this.#options
    if (signal.aborted) return
    const code = error instanceof AppError ? error.code : 'INTERNAL'
    log.warn({ address, code, ...(code === 'INTERNAL' && { err: error }) }, 'a sign-in over SSH could not be looked at')
    context.reject(METHODS)
    if (code !== 'RATE_LIMITED') giveUp('the panel cannot be asked')
  }
}

async function isSignedBy(context: PublicKeyAuthContext): Promise<boolean> {
  const { key, blob, signature, hashAlgo } = context
  if (!blob || !signature) return false
  // RSA with SHA-1 proves nothing any more.
  if (key.algo === 'ssh-rsa' && hashAlgo !== 'sha256' && hashAlgo !== 'sha512') return false
  const { utils } = await loadSsh2()
  const parsed = utils.parseKey(`${key.algo} ${key.data.toString('base64')}`)
  if (parsed instanceof Error || parsed.isPrivateKey() || !parsed.getPublicSSH().equals(key.data)) return false
  return parsed.verify(blob, signature, hashAlgo) === true
}
