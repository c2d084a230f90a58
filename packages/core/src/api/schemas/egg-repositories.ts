import { Type, type Static } from 'typebox'
import { Name, Nullable, OneOf, Revision, Timestamp, Uuid, named } from './common.ts'
import { EggDiagnostic } from './eggs.ts'

/** Address that git clones from, https or http; no user name or password in it. */
export const GitAddress = Type.String({ maxLength: 1000, pattern: '^https?://[^\\s/?#@]+/[^\\s?#]+$' })
/** Name of a branch, without `refs/heads/`. */
export const GitBranch = Type.String({ minLength: 1, maxLength: 191, pattern: '^[^\\s~^:?*\\[\\\\\\u0000-\\u001f]+$' })
/** Path of a folder inside a repository, without a slash at either end; empty is the whole repository. */
export const GitFolder = Type.String({ maxLength: 500, pattern: '^(?:[^/\\u0000]+(?:/[^/\\u0000]+)*)?$' })

export const EggRepository = named(
  'EggRepository',
  Type.Object({
    id: Uuid,
    name: Name,
    url: Type.String(),
    /** Null is the default branch of the repository. */
    branch: Nullable(Type.String()),
    folder: Type.String(),
    /** Kept encrypted and never answered. */
    hasCredentials: Type.Boolean(),
    /** Minutes between two looks at the repository; null looks only when asked. */
    syncEveryMinutes: Nullable(Type.Integer()),
    /** `new`: not read yet; `syncing`: being read now; `failed`: the last attempt failed, eggs are those of the one before. */
    status: OneOf(['new', 'syncing', 'synced', 'failed']),
    /** Operation at work on it: a sync or an installation. */
    operation: Nullable(Uuid),
    /** When it was last read successfully. */
    syncedAt: Nullable(Timestamp),
    /** When it will be read next by itself. */
    nextSyncAt: Nullable(Timestamp),
    /** Why the last attempt failed. */
    error: Nullable(Type.Object({ code: Type.String(), message: Type.String(), at: Timestamp })),
    /** Where the branch stood when it was read. */
    commit: Nullable(Type.Object({ id: Type.String(), at: Timestamp, message: Type.String() })),
    eggCount: Type.Integer(),
    /** Files that look like eggs and cannot be read. */
    unreadableCount: Type.Integer(),
    /** Eggs of the panel that came from it. */
    installedCount: Type.Integer(),
    /** Those of them that differ from the repository. */
    changedCount: Type.Integer(),
    createdAt: Timestamp,
    revision: Revision,
  }),
)
export type EggRepository = Static<typeof EggRepository>

/**
 * How an egg of a repository stands to the panel. `available`: not installed; `installed`: as in the repository;
 * `changed`: installed, and the repository has another version; `removed`: installed, and gone from the repository;
 * `unreadable`: no egg can be read from the file.
 */
export const EggRepositoryEggState = OneOf(['available', 'installed', 'changed', 'removed', 'unreadable'])

export const EggRepositoryEgg = named(
  'EggRepositoryEgg',
  Type.Object({
    id: Uuid,
    path: Type.String(),
    name: Type.String(),
    author: Type.String(),
    description: Type.String(),
    /** Empty where it is unreadable. */
    format: Type.String(),
    variableCount: Type.Integer(),
    errorCount: Type.Integer(),
    warningCount: Type.Integer(),
    state: EggRepositoryEggState,
    /** The egg of the panel, where it is installed. */
    egg: Nullable(Uuid),
  }),
)
export type EggRepositoryEgg = Static<typeof EggRepositoryEgg>

/** One egg of a repository with its file. */
export const EggRepositoryEggDetail = named(
  'EggRepositoryEggDetail',
  Type.Object({
    ...EggRepositoryEgg.properties,
    images: Type.Array(Type.String()),
    diagnostics: Type.Array(EggDiagnostic),
    text: Type.String(),
  }),
)
export type EggRepositoryEggDetail = Static<typeof EggRepositoryEggDetail>

/** User name and password or token; most hosts take a token with any user name. */
export const GitCredentials = Type.Object({
  username: Type.String({ maxLength: 191, pattern: '^[^:\\u0000-\\u001f]*$' }),
  password: Type.String({ minLength: 1, maxLength: 1000, pattern: '^[^\\u0000-\\u001f]*$' }),
})
