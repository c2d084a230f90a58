import { Type, type Static } from 'typebox'
import { Nullable, OneOf, Revision, Uuid, named } from './common.ts'
import { Egg, EggDiagnostic } from './eggs.ts'

/** An address that the panel fetches: http or https, without a user name or password in it. */
export const WebAddress = Type.String({ maxLength: 2000, pattern: '^https?://[^\\s/?#@]+(?:[/?#]\\S*)?$' })

/** Text of an egg file; the largest egg that is read is 1 MiB. */
export const EggText = Type.String({ maxLength: 2_000_000 })

/** One difference between two versions of an egg, as `diffEggs` of core/eggs states it. */
export const EggChange = named(
  'EggChange',
  Type.Object({
    /** `renamed` and `moved` keep the thing itself. */
    kind: OneOf(['added', 'removed', 'changed', 'renamed', 'moved']),
    /** The part of the egg that it belongs to; changes come sorted by it. */
    area: OneOf([
      'about',
      'images',
      'startup',
      'ready',
      'stop',
      'config-files',
      'variables',
      'install',
      'features',
      'file-denylist',
      'network',
      'other',
    ]),
    /** What in the area it is about: the label of an image, the path of a file, the name of a variable; null for the whole. */
    subject: Nullable(Type.String()),
    /** JSON pointer into Hatchery's own form of the new egg; of the old one where something was removed. */
    pointer: Type.String(),
    /** Any JSON; null where there was nothing. */
    before: Type.Unknown(),
    /** Any JSON; null where there is nothing any more. */
    after: Type.Unknown(),
    /** One sentence for people. */
    message: Type.String(),
    /** What it means for a server that uses the egg; `EggEffect` of core/eggs says what each word stands for. */
    effect: OneOf(['none', 'at-once', 'next-start', 'reinstall', 'value-needed', 'values-may-fail', 'values-unused']),
  }),
)
export type EggChange = Static<typeof EggChange>

/**
 * Where the new version of an egg is: `text` (a file), or `repository` and `path`, or `url`. Without any of them it is
 * where the egg came from: its repository, else its update address.
 */
export const EggUpdateSource = {
  text: Type.Optional(EggText),
  /** Name of the file that `text` was read from. */
  fileName: Type.Optional(Type.String({ maxLength: 191 })),
  repository: Type.Optional(Uuid),
  /** Path of the egg in `repository`. */
  path: Type.Optional(Type.String({ maxLength: 1000 })),
  url: Type.Optional(WebAddress),
}

/** A server that has values which the new rules of its egg refuse. Values are kept; they can be corrected at any time. */
export const EggUpdateServer = named(
  'EggUpdateServer',
  Type.Object({
    id: Uuid,
    name: Type.String(),
    variables: Type.Array(
      Type.Object({
        envVariable: Type.String(),
        /** Rules that the present value breaks, by name. */
        failed: Type.Array(Type.String()),
        /** A sentence that says what is wrong; never holds the value of a secret. */
        message: Type.String(),
      }),
    ),
  }),
)
export type EggUpdateServer = Static<typeof EggUpdateServer>

/** What an update would do, before it is done. */
export const EggUpdatePreview = named(
  'EggUpdatePreview',
  Type.Object({
    egg: Uuid,
    revision: Revision,
    /** Stands for exactly this change of exactly this egg; send it back to apply it. */
    hash: Type.String(),
    /** Nothing would change. */
    isSame: Type.Boolean(),
    from: Type.Object({
      kind: OneOf(['file', 'repository', 'url']),
      /** After redirects. */
      url: Nullable(Type.String()),
      repository: Nullable(Uuid),
      path: Nullable(Type.String()),
      fileName: Nullable(Type.String()),
    }),
    /** Name and format of the new version. */
    name: Type.String(),
    format: Type.String(),
    changes: Type.Array(EggChange),
    /** What is to be said about the new file. */
    diagnostics: Type.Array(EggDiagnostic),
    /** Servers that use the egg. */
    serverCount: Type.Integer(),
    /** Those with values that the new rules refuse, the first hundred. */
    servers: Type.Array(EggUpdateServer),
    /** All of those. */
    affectedCount: Type.Integer(),
  }),
)
export type EggUpdatePreview = Static<typeof EggUpdatePreview>

export const EggUpdated = named(
  'EggUpdated',
  Type.Object({
    egg: Egg,
    serverCount: Type.Integer(),
    /** Servers with values that the new rules refuse, the first hundred. */
    servers: Type.Array(EggUpdateServer),
    affectedCount: Type.Integer(),
  }),
)
export type EggUpdated = Static<typeof EggUpdated>

/** A file that was fetched from an address; feed `text` to a check or an import. */
export const FetchedEgg = named(
  'FetchedEgg',
  Type.Object({
    /** Where it was found, after redirects; the page of a file on GitHub or GitLab is turned into the file. */
    url: Type.String(),
    fileName: Type.String(),
    text: Type.String(),
  }),
)
export type FetchedEgg = Static<typeof FetchedEgg>

export const EggExportFormat = OneOf(['PTDL_v2', 'PLCN_v3', 'calagopus', 'hatchery'])

export const EggLoss = named(
  'EggLoss',
  Type.Object({
    code: Type.String(),
    /** JSON pointer into Hatchery's own form of the egg. */
    pointer: Type.String(),
    message: Type.String(),
  }),
)
export type EggLoss = Static<typeof EggLoss>

export const EggExport = named(
  'EggExport',
  Type.Object({
    fileName: Type.String(),
    text: Type.String(),
    /** What the format cannot hold. */
    losses: Type.Array(EggLoss),
    /** What is written in another way and means the same. */
    changes: Type.Array(EggLoss),
  }),
)
export type EggExport = Static<typeof EggExport>
