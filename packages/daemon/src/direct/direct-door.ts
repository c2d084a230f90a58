import type { ServerResponse } from 'node:http'
import { directTokenInvalid, verifyDirectToken, type DirectAction, type DirectClaims } from '@hatchery/core/protocol'
import type { ServerFiles } from '../server-files/index.ts'
import type { AgentState } from '../state/agent-state.ts'

export interface DirectDoorOptions {
  readonly state: Pick<AgentState, 'secrets' | 'usedTokens' | 'accessFloors'>
  readonly files: ServerFiles
  /** Null until the agent is enrolled. */
  readonly node: () => string | null
  /** Milliseconds since 1970, in the panel's time. */
  readonly now: () => number
  /** Without its panel the node opens nothing, for nobody could say that access was taken back (RULES 16). */
  readonly isConnected: () => boolean
}

interface OpenThing {
  readonly claims: DirectClaims
  readonly abort: AbortController
}

/** Lets in who brings a token, and shows out whose access was taken back. */
export class DirectDoor {
  readonly #options: DirectDoorOptions
  readonly #open = new Set<OpenThing>()

  constructor(options: DirectDoorOptions) {
    this.#options = options
  }

  get files(): ServerFiles {
    return this.#options.files
  }

  /**
   * Uses up the token of an address and does what it opens; the signal fires when access is taken back meanwhile.
   * @throws AppError `DIRECT_TOKEN_INVALID`
   */
  async enter<T>(
    url: URL,
    action: DirectAction,
    work: (claims: DirectClaims, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const claims = this.#verify(url, action)
    const { state, now, isConnected } = this.#options
    if (!isConnected()) throw directTokenInvalid('the node has no connection to its panel')
    if (!state.usedTokens.use(claims.id, claims.expiresAt, now())) throw directTokenInvalid('it was used before')
    const thing: OpenThing = { claims, abort: new AbortController() }
    this.#open.add(thing)
    try {
      // What was taken back before this line is seen here, what is taken back after it ends what is open.
      this.#requireAccess(claims)
      return await work(claims, thing.abort.signal)
    } finally {
      this.#open.delete(thing)
    }
  }

  /** Answers the question of a browser whether the page may send what it is about to. */
  preflight(url: URL, response: ServerResponse): void {
    const { origin } = this.#verify(url, 'upload')
    allowOrigin(response, origin)
    response
      .writeHead(204, {
        'access-control-allow-methods': 'PATCH',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '60',
      })
      .end()
  }

  revoke(user: string, server: string | null, minRevision: number): void {
    for (const { claims, abort } of this.#open) {
      if (claims.user !== user || (server !== null && claims.server !== server)) continue
      if (claims.accessRevision < minRevision) abort.abort(directTokenInvalid('access was taken back'))
    }
  }

  /** Ends everything, as when nobody can say any more whether access was taken back. */
  closeAll(): void {
    for (const { abort } of this.#open) abort.abort(directTokenInvalid('the node has no connection to its panel'))
  }

  #verify(url: URL, action: DirectAction): DirectClaims {
    const { node, now, state } = this.#options
    const own = node()
    if (own === null) throw directTokenInvalid('this node belongs to no panel')
    return verifyDirectToken(url.searchParams.get('token') ?? '', {
      node: own,
      action,
      now: now(),
      secretOf(keyId) {
        const found = state.secrets.candidates().find((secret) => secret.keyId === keyId)
        return found ? Buffer.from(found.secret, 'base64url') : null
      },
    })
  }

  #requireAccess({ user, server, accessRevision }: DirectClaims): void {
    const minimum = this.#options.state.accessFloors.minimumOf(user, server)
    if (accessRevision < minimum) throw directTokenInvalid('access was taken back')
  }
}

/** Lets the page that the token was made for read the answer. */
export function allowOrigin(response: ServerResponse, origin: string | null): void {
  response.setHeader('vary', 'origin')
  if (origin === null) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('cross-origin-resource-policy', 'cross-origin')
}
