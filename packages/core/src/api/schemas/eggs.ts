import { Type, type Static } from 'typebox'
import { Description, Name, Nullable, OneOf, Revision, Timestamp, Uuid, named } from './common.ts'

export const Nest = named(
  'Nest',
  Type.Object({
    id: Uuid,
    name: Name,
    description: Description,
    eggCount: Type.Integer(),
    createdAt: Timestamp,
    revision: Revision,
  }),
)
export type Nest = Static<typeof Nest>

/** What a form shows for a variable: derived from its rules by `describeRules` of core/eggs. */
export const VariableInput = named(
  'VariableInput',
  Type.Object({
    kind: OneOf(['text', 'number', 'switch', 'select', 'secret']),
    required: Type.Boolean(),
    options: Type.Optional(Type.Array(Type.String())),
    minimum: Type.Optional(Type.Number()),
    maximum: Type.Optional(Type.Number()),
    integer: Type.Optional(Type.Boolean()),
    minLength: Type.Optional(Type.Integer()),
    maxLength: Type.Optional(Type.Integer()),
    pattern: Type.Optional(Type.String()),
    /** For a switch: the two values it writes, off first. */
    values: Type.Optional(Type.Array(Type.String())),
  }),
)
export type VariableInput = Static<typeof VariableInput>

export const EggVariable = named(
  'EggVariable',
  Type.Object({
    name: Type.String(),
    description: Type.String(),
    envVariable: Type.String(),
    defaultValue: Type.String(),
    userViewable: Type.Boolean(),
    userEditable: Type.Boolean(),
    rules: Type.Array(Type.String()),
    input: VariableInput,
  }),
)
export type EggVariable = Static<typeof EggVariable>

/** An image or a startup command with the label a person picks it by; order is the egg's. */
export const Labelled = named('Labelled', Type.Object({ label: Type.String(), value: Type.String() }))

export const EggDiagnostic = named(
  'EggDiagnostic',
  Type.Object({
    code: Type.String(),
    severity: OneOf(['error', 'warning', 'info']),
    /** JSON pointer into the egg file. */
    pointer: Type.String(),
    message: Type.String(),
  }),
)

/** The repository that an egg was installed from. */
export const EggOrigin = named(
  'EggOrigin',
  Type.Object({
    repository: Uuid,
    name: Type.String(),
    path: Type.String(),
    /** `changed`: the repository has another version; `removed`: it has the egg no more. */
    state: OneOf(['installed', 'changed', 'removed']),
  }),
)

export const EggSummary = named(
  'EggSummary',
  Type.Object({
    id: Uuid,
    nest: Uuid,
    name: Type.String(),
    author: Type.String(),
    description: Type.String(),
    format: Type.String(),
    features: Type.Array(Type.String()),
    /** Address that the egg is updated from; null where neither its file nor its import names one. */
    updateUrl: Nullable(Type.String()),
    origin: Nullable(EggOrigin),
    serverCount: Type.Integer(),
    createdAt: Timestamp,
    revision: Revision,
  }),
)
export type EggSummary = Static<typeof EggSummary>

export const Egg = named(
  'Egg',
  Type.Object({
    id: Uuid,
    nest: Uuid,
    name: Type.String(),
    author: Type.String(),
    description: Type.String(),
    format: Type.String(),
    features: Type.Array(Type.String()),
    images: Type.Array(Labelled),
    startupCommands: Type.Array(Labelled),
    stop: Type.String(),
    done: Type.Array(Type.String()),
    variables: Type.Array(EggVariable),
    configFiles: Type.Array(Type.String()),
    hasInstallScript: Type.Boolean(),
    updateUrl: Nullable(Type.String()),
    origin: Nullable(EggOrigin),
    diagnostics: Type.Array(EggDiagnostic),
    serverCount: Type.Integer(),
    createdAt: Timestamp,
    revision: Revision,
  }),
)
export type Egg = Static<typeof Egg>
