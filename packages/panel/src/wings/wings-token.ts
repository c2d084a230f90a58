import { createHash, createHmac, randomBytes } from 'node:crypto'

/** What the panel itself does on a server's socket: read everything, never more. */
const PERMISSIONS = ['*', 'admin.websocket.errors', 'admin.websocket.install', 'admin.websocket.transfer']
const LIFETIME_S = 600

export interface SocketGrant {
  /** The secret that node and panel share. */
  readonly secret: string
  /** Origin of the panel. */
  readonly issuer: string
  /** Origin of the node. */
  readonly audience: string
  readonly server: string
  /** Who looks: the panel itself has an id of its own for each node. */
  readonly user: string
  readonly now: number
}

/** A token for a server's socket, in the form that Wings reads: HS256, whole seconds, one purpose. */
export function signSocketToken({ secret, issuer, audience, server, user, now }: SocketGrant): string {
  const at = Math.floor(now / 1000)
  const jti = createHash('sha256').update(`${user}${server}`).digest('hex').slice(0, 32)
  const claims = {
    iss: issuer,
    aud: [audience],
    jti,
    iat: at,
    nbf: at - 300,
    exp: at + LIFETIME_S,
    user_uuid: user,
    server_uuid: server,
    permissions: PERMISSIONS,
    scope: 'websocket',
    unique_id: randomBytes(8).toString('hex'),
  }
  const text = `${encode({ alg: 'HS256', typ: 'JWT', jti })}.${encode(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
