import { Type, type Static } from 'typebox'
import { Description, ExternalId, Name, Nullable, OneOf, Revision, Timestamp, Uuid, named } from './common.ts'
import { Labelled, VariableInput } from './eggs.ts'
import { UserRef } from './identity.ts'
import { Allocation } from './nodes.ts'
import { SftpAddress } from './ssh.ts'

/**
 * What a server is doing. `offline`, `starting`, `running` and `stopping` come from the node;
 * the others say that the panel or the node is at work on it. Clients accept unknown words.
 */
export const ServerState = OneOf([
  'offline',
  'starting',
  'running',
  'stopping',
  'installing',
  'install_failed',
  'restoring',
  'transferring',
  'suspended',
])
export type ServerState = Static<typeof ServerState>

export const HoldKind = OneOf(['billing', 'abuse', 'admin', 'quota'])
export type HoldKind = Static<typeof HoldKind>
export const PowerAction = OneOf(['start', 'stop', 'restart', 'kill'])
export type PowerAction = Static<typeof PowerAction>

/** 0 means not limited. Swap −1 means not limited. */
export const Limits = named(
  'Limits',
  Type.Object({
    memoryMiB: Type.Integer({ minimum: 0, maximum: 16_777_216 }),
    swapMiB: Type.Integer({ minimum: -1, maximum: 16_777_216 }),
    diskMiB: Type.Integer({ minimum: 0, maximum: 1_073_741_824 }),
    /** 100 is one core. */
    cpuPercent: Type.Integer({ minimum: 0, maximum: 102_400 }),
    /** CPU numbers to pin to, such as `0-3,6`. */
    cpuPinning: Nullable(Type.String({ maxLength: 191, pattern: '^\\d+(-\\d+)?(,\\d+(-\\d+)?)*$' })),
    ioWeight: Type.Integer({ minimum: 10, maximum: 1000 }),
    pids: Type.Integer({ minimum: 16, maximum: 100_000 }),
  }),
)
export type Limits = Static<typeof Limits>

export const ServerExit = named(
  'ServerExit',
  Type.Object({
    code: Nullable(Type.Integer()),
    oomKilled: Type.Boolean(),
    reason: OneOf(['stopped', 'killed', 'crashed', 'finished', 'interrupted']),
    at: Timestamp,
  }),
)

/** One row of the server list. */
export const ServerSummary = named(
  'ServerSummary',
  Type.Object({
    id: Uuid,
    /** First eight characters of the id; accepted wherever the id is. */
    shortId: Type.String(),
    name: Name,
    description: Description,
    state: ServerState,
    holds: Type.Array(HoldKind),
    node: Type.Object({ id: Uuid, name: Type.String(), online: Type.Boolean(), isolated: Type.Boolean() }),
    egg: Type.Object({ id: Uuid, name: Type.String() }),
    owner: UserRef,
    /** What a player types; null without an allocation. */
    address: Nullable(Type.String()),
    limits: Limits,
    createdAt: Timestamp,
    revision: Revision,
    /** What the caller may do here: permission names, or `["*"]` for owner and administrators. */
    permissions: Type.Array(Type.String()),
  }),
)
export type ServerSummary = Static<typeof ServerSummary>

export const PendingFeature = named(
  'PendingFeature',
  Type.Object({
    /** `eula`, `java_version`, … */
    feature: Type.String(),
    /** The console line that asked for it. */
    line: Type.String(),
    at: Timestamp,
    /** For `java_version`: images of the egg that may help, best first. */
    images: Type.Array(Labelled),
  }),
)
export type PendingFeature = Static<typeof PendingFeature>

/** What happens when a server ends by itself, and when it does not end. */
export const ServerLifecycle = named(
  'ServerLifecycle',
  Type.Object({
    crash: Type.Object({
      /** Started again after a crash. */
      isEnabled: Type.Boolean(),
      /** An end with code 0 that nobody asked for counts as a crash. */
      treatCleanExitAsCrash: Type.Boolean(),
      /** This many restarts within the window; with the next crash the server stays offline. */
      maxRestarts: Type.Integer({ minimum: 0, maximum: 100 }),
      windowMs: Type.Integer({ minimum: 10_000, maximum: 86_400_000 }),
      /** Delay of the first restart; it doubles with each crash within the window. */
      backoffMs: Type.Integer({ minimum: 0, maximum: 600_000 }),
    }),
    /** Milliseconds a graceful stop may take before a kill is offered. */
    stopTimeoutMs: Type.Integer({ minimum: 5_000, maximum: 600_000 }),
  }),
)
export type ServerLifecycle = Static<typeof ServerLifecycle>

export const Server = named(
  'Server',
  Type.Object({
    ...ServerSummary.properties,
    externalId: Nullable(ExternalId),
    image: Type.String(),
    images: Type.Array(Labelled),
    allocations: Type.Array(Allocation),
    isInstalled: Type.Boolean(),
    lastExit: Nullable(ServerExit),
    pendingFeatures: Type.Array(PendingFeature),
    /** Operation at work on this server, for example its installation. */
    operation: Nullable(Uuid),
    /** Null where the node takes no SFTP, or the caller may not use it. */
    sftp: Nullable(SftpAddress),
    /** Milliseconds a graceful stop may take before the page offers to kill. */
    stopTimeoutMs: Type.Integer(),
    lifecycle: ServerLifecycle,
  }),
)
export type Server = Static<typeof Server>

export const StartupVariable = named(
  'StartupVariable',
  Type.Object({
    name: Type.String(),
    description: Type.String(),
    envVariable: Type.String(),
    value: Type.String(),
    defaultValue: Type.String(),
    isEditable: Type.Boolean(),
    rules: Type.Array(Type.String()),
    input: VariableInput,
  }),
)

export const Startup = named(
  'Startup',
  Type.Object({
    command: Type.String(),
    /** The command as the server will run it, secrets hidden. */
    preview: Type.String(),
    commands: Type.Array(Labelled),
    image: Type.String(),
    images: Type.Array(Labelled),
    variables: Type.Array(StartupVariable),
    revision: Revision,
  }),
)
export type Startup = Static<typeof Startup>

/** One reading of a running server. */
export const ServerStats = named(
  'ServerStats',
  Type.Object({
    at: Timestamp,
    /** 100 is one core. */
    cpuPercent: Type.Number(),
    /** Working set, without reclaimable page cache. */
    memoryBytes: Type.Integer(),
    memoryLimitBytes: Type.Integer(),
    diskBytes: Type.Integer(),
    /** Since the start of the run. */
    networkRxBytes: Type.Integer(),
    networkTxBytes: Type.Integer(),
    uptimeMs: Type.Integer(),
    pids: Type.Integer(),
  }),
)
export type ServerStats = Static<typeof ServerStats>

/** One line of a console. `run` and `line` together are its cursor (`run:line`). */
export const ConsoleLine = named(
  'ConsoleLine',
  Type.Object({
    run: Type.Integer(),
    line: Type.Integer(),
    at: Timestamp,
    /** `out`: the server. `system`: the agent. `gap`: lines before this one were lost. `input`: a command somebody sent. */
    kind: OneOf(['out', 'system', 'gap', 'input', 'install']),
    text: Type.String(),
  }),
)
export type ConsoleLine = Static<typeof ConsoleLine>

export const OperationStatus = OneOf(['pending', 'running', 'succeeded', 'failed', 'cancelled', 'unknown'])

export const Operation = named(
  'Operation',
  Type.Object({
    id: Uuid,
    /** `install`, `reinstall`, `delete`, `pull`, … */
    kind: Type.String(),
    status: OperationStatus,
    server: Nullable(Uuid),
    serverName: Nullable(Type.String()),
    node: Nullable(Uuid),
    /** `queued`, `pulling`, `installing`, `starting`, … */
    phase: Type.String(),
    progress: Nullable(
      Type.Object({
        current: Type.Integer(),
        total: Nullable(Type.Integer()),
        unit: OneOf(['bytes', 'files', 'lines', 'steps']),
        detail: Type.String(),
      }),
    ),
    canCancel: Type.Boolean(),
    error: Nullable(Type.Object({ code: Type.String(), message: Type.String() })),
    startedBy: Nullable(UserRef),
    createdAt: Timestamp,
    finishedAt: Nullable(Timestamp),
    revision: Revision,
  }),
)
export type Operation = Static<typeof Operation>

/** Where a slow request goes on: follow it at `/operations/{operation}` or on the live channel. */
export const OperationRef = named('OperationRef', Type.Object({ operation: Uuid }))
export type OperationRef = Static<typeof OperationRef>

/** One row of the activity log. */
export const ActivityEvent = named(
  'ActivityEvent',
  Type.Object({
    id: Uuid,
    /** `server:power.start`, `server:created`, `user:updated`, … */
    type: Type.String(),
    server: Nullable(Uuid),
    actor: Nullable(UserRef),
    ip: Nullable(Type.String()),
    data: Type.Record(Type.String(), Type.Unknown()),
    at: Timestamp,
  }),
)
export type ActivityEvent = Static<typeof ActivityEvent>
