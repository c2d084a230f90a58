import { Type, type Static } from 'typebox'
import { Description, Name, Nullable, OneOf, Revision, Timestamp, Uuid, named } from './common.ts'

export const Location = named(
  'Location',
  Type.Object({
    id: Uuid,
    name: Name,
    description: Description,
    nodeCount: Type.Integer(),
    createdAt: Timestamp,
    revision: Revision,
  }),
)
export type Location = Static<typeof Location>

export const NodeStatus = OneOf(['awaiting-agent', 'online', 'offline', 'recovery', 'locked'])

/** An origin, nothing behind it; plain HTTP only on the machine itself, where nobody listens on the way. */
const DirectOrigin = Type.String({
  maxLength: 255,
  pattern: '^(https://[A-Za-z0-9.-]+|https://\\[[0-9a-f:]+\\]|http://(127\\.0\\.0\\.1|localhost))(:[0-9]{1,5})?$',
})

/** What the agent found on its machine; null until it connected once. */
export const NodeHost = named(
  'NodeHost',
  Type.Object({
    agentVersion: Type.String(),
    runtime: Type.String(),
    /** False for the process runtime: servers are not isolated from the machine and from each other. */
    isolated: Type.Boolean(),
    capabilities: Type.Record(Type.String(), Type.Boolean()),
    hostname: Type.String(),
    os: Type.String(),
    kernel: Type.String(),
    architecture: Type.String(),
    cpuCount: Type.Integer(),
    memoryMiB: Type.Integer(),
    diskMiB: Type.Integer(),
    /** Agent clock minus panel clock. */
    clockOffsetMs: Type.Integer(),
    /** What keeps the files of servers, and whether the kernel holds their limits; absent from older agents. */
    volumes: Type.Optional(Type.Object({ driver: Type.String({ maxLength: 32 }), holdsLimits: Type.Boolean() })),
    /** Where browsers reach the agent itself; null when they do not, absent from older agents. */
    direct: Type.Optional(Nullable(Type.Object({ url: DirectOrigin }))),
    /** Where the agent takes SFTP and SSH; null when it does not, absent from older agents. */
    ssh: Type.Optional(
      Nullable(
        Type.Object({
          port: Type.Integer({ minimum: 1, maximum: 65535 }),
          /** Of the host key, as OpenSSH prints it. */
          fingerprint: Type.String({ pattern: '^SHA256:[A-Za-z0-9+/]{43}$' }),
        }),
      ),
    ),
  }),
)

export const Node = named(
  'Node',
  Type.Object({
    id: Uuid,
    name: Name,
    description: Description,
    kind: OneOf(['agent', 'wings']),
    location: Uuid,
    status: NodeStatus,
    /** The address players use when an allocation has no alias. */
    fqdn: Type.String(),
    /** What may be given to servers; 0 means not limited. */
    memoryMiB: Type.Integer(),
    diskMiB: Type.Integer(),
    cpuPercent: Type.Integer(),
    allocated: Type.Object({
      memoryMiB: Type.Integer(),
      diskMiB: Type.Integer(),
      cpuPercent: Type.Integer(),
      servers: Type.Integer(),
    }),
    allocationCount: Type.Integer(),
    freeAllocationCount: Type.Integer(),
    isMaintenance: Type.Boolean(),
    /** A new secret was made; the one before is accepted until the agent has connected with it. */
    isRotatingSecret: Type.Boolean(),
    host: Nullable(NodeHost),
    lastSeenAt: Nullable(Timestamp),
    createdAt: Timestamp,
    revision: Revision,
  }),
)
export type Node = Static<typeof Node>

export const Allocation = named(
  'Allocation',
  Type.Object({
    id: Uuid,
    node: Uuid,
    ip: Type.String(),
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
    alias: Nullable(Type.String()),
    notes: Nullable(Type.String()),
    /** Uuid of the server that uses it. */
    server: Nullable(Uuid),
    serverName: Nullable(Type.String()),
    isPrimary: Type.Boolean(),
  }),
)
export type Allocation = Static<typeof Allocation>

export const EnrolmentToken = named(
  'EnrolmentToken',
  Type.Object({
    /** Shown once; single use. */
    token: Type.String(),
    expiresAt: Timestamp,
    /** The command to run on the new machine; it reads the token from standard input. */
    command: Type.String(),
  }),
)
export type EnrolmentToken = Static<typeof EnrolmentToken>

export const WingsConfiguration = named(
  'WingsConfiguration',
  Type.Object({
    /** Public half of the credentials. */
    tokenId: Type.String(),
    /** The whole config.yml, with the secret; shown once. */
    configuration: Type.String(),
  }),
)
export type WingsConfiguration = Static<typeof WingsConfiguration>
