import { Type, type Static } from 'typebox'
import { Nullable, OneOf, Timestamp, Uuid } from '../api/schemas/common.ts'
import { HoldKind, Limits } from '../api/schemas/servers.ts'

/** `(panelEpoch, n)`, compared in this order: a panel restored from an old dump takes a new epoch (RULES 1). */
export const Generation = Type.Object({ epoch: Type.Integer({ minimum: 0 }), n: Type.Integer({ minimum: 0 }) })
export type Generation = Static<typeof Generation>

/** How a server is asked to stop: a console line, a signal, or the engine's own stop. */
export const StopMethod = Type.Union([
  Type.Object({ type: Type.Literal('command'), command: Type.String() }),
  /** POSIX name with the `SIG` prefix. */
  Type.Object({ type: Type.Literal('signal'), signal: Type.String({ pattern: '^SIG[A-Z0-9]+$' }) }),
  Type.Object({ type: Type.Literal('runtime') }),
])
export type StopMethod = Static<typeof StopMethod>

export const SpecAllocation = Type.Object({
  ip: Type.String(),
  port: Type.Integer({ minimum: 1, maximum: 65535 }),
  alias: Nullable(Type.String()),
  isPrimary: Type.Boolean(),
})

/** One file that the agent patches before each start; `find` as in the egg, placeholders resolved by the panel where it can. */
export const SpecConfigFile = Type.Object({
  path: Type.String(),
  parser: OneOf(['file', 'properties', 'ini', 'json', 'yaml', 'xml', 'toml']),
  createFile: Type.Boolean(),
  replace: Type.Array(
    Type.Object({
      match: Type.String(),
      ifValue: Nullable(Type.String()),
      value: Type.Unknown(),
      insertNew: Type.Optional(Type.Boolean()),
      updateExisting: Type.Optional(Type.Boolean()),
    }),
  ),
})

export const InstallScript = Type.Object({
  image: Type.String(),
  entrypoint: Type.String(),
  script: Type.String(),
})

export const CrashPolicy = Type.Object({
  isEnabled: Type.Boolean(),
  /** A clean exit (code 0) without a stop counts as a crash. */
  treatCleanExitAsCrash: Type.Boolean(),
  /** This many restarts within the window, then the server stays offline. */
  maxRestarts: Type.Integer({ minimum: 0 }),
  windowMs: Type.Integer({ minimum: 0 }),
  /** First delay; it doubles with each crash within the window. */
  backoffMs: Type.Integer({ minimum: 0 }),
})
export type CrashPolicy = Static<typeof CrashPolicy>

/** The level that the panel wants a server to have (RULES 2). Power is not in it: that is an intent. */
export const ServerSpec = Type.Object({
  id: Uuid,
  generation: Generation,
  /**
   * Which grant of authority over the server this is (RULES 3): it rises when the server is given to a node. An agent refuses
   * a lower one than it has held. Absent from panels that grant none.
   */
  authorityEpoch: Type.Optional(Type.Integer({ minimum: 0 })),
  name: Type.String(),
  image: Type.String(),
  /** The startup line with `{{VARIABLE}}` replaced; run by the image's entrypoint from the environment variable `STARTUP`. */
  startup: Type.String(),
  /** Whole environment of the container, `STARTUP` and `SERVER_*` included. */
  environment: Type.Record(Type.String(), Type.String()),
  /** Names in `environment` whose values are masked in logs and consoles. */
  secretVariables: Type.Array(Type.String()),
  limits: Limits,
  allocations: Type.Array(SpecAllocation),
  /** Substrings of a console line, or `regex:` and an RE2 pattern, that say the server is ready. */
  done: Type.Array(Type.String()),
  stripAnsi: Type.Boolean(),
  stop: StopMethod,
  stopTimeoutMs: Type.Integer({ minimum: 0 }),
  configFiles: Type.Array(SpecConfigFile),
  install: Nullable(InstallScript),
  /** Patterns of gitignore that people can neither read nor change through the agent; absent from older panels. */
  fileDenylist: Type.Optional(Type.Array(Type.String())),
  /** `eula`, `java_version`, …: the console is watched for what they need. */
  features: Type.Array(Type.String()),
  crashPolicy: CrashPolicy,
  holds: Type.Array(HoldKind),
})
export type ServerSpec = Static<typeof ServerSpec>

/** The four words of a process; the panel derives `installing`, `suspended` … from operation and holds. */
export const ProcessState = OneOf(['offline', 'starting', 'running', 'stopping'])
export type ProcessState = Static<typeof ProcessState>

export const InstallState = OneOf(['none', 'installing', 'installed', 'failed'])
export type InstallState = Static<typeof InstallState>

export const ExitInfo = Type.Object({
  code: Nullable(Type.Integer()),
  oomKilled: Type.Boolean(),
  reason: OneOf(['stopped', 'killed', 'crashed', 'finished', 'interrupted']),
  at: Timestamp,
})
export type ExitInfo = Static<typeof ExitInfo>

/** What the agent says of one server; `stateSeq` rises with each report of this server (RULES 13). */
export const ServerReport = Type.Object({
  server: Uuid,
  generation: Nullable(Generation),
  state: ProcessState,
  install: InstallState,
  run: Type.Integer(),
  stateSeq: Type.Integer(),
  startedAt: Nullable(Timestamp),
  exit: Nullable(ExitInfo),
  /** The panel does not know it, or forgot it: kept until somebody decides (RULES 1). */
  isOrphaned: Type.Boolean(),
  /** Name in the stored spec, for somebody who has to decide about an orphan. */
  name: Type.Optional(Type.String()),
  /** Highest authority that the node has held over it; absent where it has held none. Bounded, so that a panel can go above. */
  authorityEpoch: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 })),
})
export type ServerReport = Static<typeof ServerReport>
