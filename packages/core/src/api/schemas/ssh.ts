import { Type, type Static } from 'typebox'
import { Name, Nullable, Timestamp, Uuid, named } from './common.ts'

/** Where a credential is good for. */
const bounds = {
  /** Servers that it opens; null opens every one that its owner may reach. */
  servers: Nullable(Type.Array(Uuid, { minItems: 1, maxItems: 100 })),
  /** Addresses and CIDR blocks that it is taken from; null takes it from anywhere. */
  allowedIps: Nullable(Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 50 })),
  expiresAt: Nullable(Timestamp),
}
const use = { lastUsedAt: Nullable(Timestamp), lastUsedIp: Nullable(Type.String()) }

/** The same bounds in a request; what is left out does not bound. */
export const CredentialBounds = {
  servers: Type.Optional(bounds.servers),
  allowedIps: Type.Optional(bounds.allowedIps),
  expiresAt: Type.Optional(bounds.expiresAt),
}

export const SshKey = named(
  'SshKey',
  Type.Object({
    id: Uuid,
    name: Name,
    /** `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`, … */
    algorithm: Type.String(),
    /** As `ssh-keygen -l` prints it: `SHA256:…`. */
    fingerprint: Type.String(),
    /** `<algorithm> <base64>`, as OpenSSH writes it. */
    publicKey: Type.String(),
    ...bounds,
    ...use,
    createdAt: Timestamp,
  }),
)
export type SshKey = Static<typeof SshKey>

export const AppPassword = named(
  'AppPassword',
  Type.Object({ id: Uuid, name: Name, ...bounds, ...use, createdAt: Timestamp }),
)
export type AppPassword = Static<typeof AppPassword>

/** Where and as whom the caller reaches a server by SFTP. */
export const SftpAddress = named(
  'SftpAddress',
  Type.Object({
    host: Type.String(),
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
    /** `user.server`; with a key or an app password of the account. */
    username: Type.String(),
    /** Of the node's host key, as OpenSSH prints it. */
    fingerprint: Type.String(),
  }),
)
export type SftpAddress = Static<typeof SftpAddress>

export const SshSettings = named(
  'SshSettings',
  Type.Object({
    /**
     * People may sign in with the password of their account as well, while they move to keys: never people with
     * administrative permissions or two-factor.
     */
    accountPasswords: Type.Boolean(),
  }),
)
