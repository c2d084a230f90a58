import { Type, type Static } from 'typebox'
import { Nullable, Uuid } from '../api/schemas/common.ts'
import type { MethodSpec } from './methods.ts'

/**
 * Feature under which an agent may call its panel. It is in force only when both sides named it in the handshake: an agent of
 * a panel without it sends no call, a panel of an agent without it takes none.
 */
export const PANEL_CALLS = 'panel-calls'

const method = <const S extends MethodSpec>(spec: S): S => spec

/** What somebody who signs in over SSH has shown. A password is the account's own or an app password; the panel tells them apart. */
export const SshCredential = Type.Union([
  Type.Object({
    kind: Type.Literal('publicKey'),
    /** Name of the key type, such as `ssh-ed25519`. */
    algorithm: Type.String({ minLength: 1, maxLength: 64 }),
    /** The public key in SSH wire format (RFC 4253, 6.6), base64. */
    key: Type.String({ minLength: 16, maxLength: 8192, pattern: '^[A-Za-z0-9+/]+={0,2}$' }),
    /** The agent has checked a signature by this key. Without one the client asks only whether the key would do. */
    isSigned: Type.Boolean(),
  }),
  Type.Object({ kind: Type.Literal('password'), password: Type.String({ minLength: 1, maxLength: 1024 }) }),
])
export type SshCredential = Static<typeof SshCredential>

/** Who has signed in, to which server, and what they may do there. */
export const SshIdentity = Type.Object({
  user: Uuid,
  /** User name, for logs and prompts. */
  name: Type.String({ maxLength: 191 }),
  server: Uuid,
  /** Permissions of the server, such as `file.read`. */
  permissions: Type.Array(Type.String({ maxLength: 191 }), { maxItems: 512 }),
  /** The session ends when `access.revoke` names a higher minimum. */
  accessRevision: Type.Integer({ minimum: 0 }),
  /** The key or app password that was used. */
  credentialId: Type.String({ maxLength: 64 }),
})
export type SshIdentity = Static<typeof SshIdentity>

/** What an agent asks of the panel, over the control socket. */
export const PANEL_METHODS = {
  'ssh.authenticate': method({
    summary:
      'Check a user name of the form `user.server` and a credential for a server on this node; null when they do not fit',
    class: 'read',
    deadlineMs: 10_000,
    params: Type.Object({
      username: Type.String({ minLength: 1, maxLength: 255 }),
      /** Where the client connects from, as the agent sees it. */
      address: Type.String({ minLength: 2, maxLength: 64 }),
      credential: SshCredential,
    }),
    result: Nullable(SshIdentity),
  }),
} as const satisfies Record<string, MethodSpec>

export type PanelMethod = keyof typeof PANEL_METHODS
export type PanelParams<M extends PanelMethod> = Static<(typeof PANEL_METHODS)[M]['params']>
export type PanelResult<M extends PanelMethod> = Static<(typeof PANEL_METHODS)[M]['result']>
