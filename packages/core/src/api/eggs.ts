import { Type } from 'typebox'
import { contract } from './contract.ts'
import { Description, Name, Nothing, OneOf, Page, PageOf, Uuid, named } from './schemas/common.ts'
import { EggText, WebAddress } from './schemas/egg-updates.ts'
import { Egg, EggDiagnostic, EggSummary, Nest } from './schemas/eggs.ts'

const nestParams = Type.Object({ nest: Uuid })
const eggParams = Type.Object({ egg: Uuid })

export const listNests = contract({
  method: 'GET',
  path: '/nests',
  tag: 'Eggs',
  summary: 'List nests',
  class: 'read',
  permission: { admin: 'nests.read' },
  query: Type.Object(Page),
  response: { 200: PageOf(Nest) },
})

export const createNest = contract({
  method: 'POST',
  path: '/nests',
  tag: 'Eggs',
  summary: 'Create a nest, a group of eggs',
  class: 'at-most-once',
  permission: { admin: 'nests.create' },
  body: Type.Object({ name: Name, description: Type.Optional(Description) }),
  response: { 201: Nest },
  errors: ['NEST_EXISTS'],
})

export const updateNest = contract({
  method: 'PATCH',
  path: '/nests/:nest',
  tag: 'Eggs',
  summary: 'Rename a nest',
  class: 'converge',
  permission: { admin: 'nests.update' },
  params: nestParams,
  body: Type.Partial(Type.Object({ name: Name, description: Description })),
  response: { 200: Nest },
  errors: ['NEST_NOT_FOUND', 'NEST_EXISTS', 'REVISION_MISMATCH'],
})

export const deleteNest = contract({
  method: 'DELETE',
  path: '/nests/:nest',
  tag: 'Eggs',
  summary: 'Delete an empty nest',
  class: 'converge',
  permission: { admin: 'nests.delete' },
  params: nestParams,
  response: { 200: Nothing },
  errors: ['NEST_NOT_FOUND', 'NEST_IN_USE'],
})

export const listEggs = contract({
  method: 'GET',
  path: '/eggs',
  tag: 'Eggs',
  summary: 'List eggs',
  class: 'read',
  permission: { admin: 'eggs.read' },
  query: Type.Object({ ...Page, nest: Type.Optional(Uuid), search: Type.Optional(Type.String({ maxLength: 191 })) }),
  response: { 200: PageOf(EggSummary) },
})

export const getEgg = contract({
  method: 'GET',
  path: '/eggs/:egg',
  tag: 'Eggs',
  summary: 'Read an egg with its variables',
  class: 'read',
  permission: { admin: 'eggs.read' },
  params: eggParams,
  response: { 200: Egg },
  errors: ['EGG_NOT_FOUND'],
})

export const getEggSource = contract({
  method: 'GET',
  path: '/eggs/:egg/source',
  tag: 'Eggs',
  summary: 'Read the egg file as it was imported',
  class: 'read',
  permission: { admin: 'eggs.read' },
  params: eggParams,
  response: { 200: named('EggSource', Type.Object({ fileName: Type.String(), text: Type.String() })) },
  errors: ['EGG_NOT_FOUND'],
})

export const checkEgg = contract({
  method: 'POST',
  path: '/eggs/check',
  tag: 'Eggs',
  summary: 'Read an egg file and say what would be imported, without importing it',
  class: 'read',
  permission: { admin: 'eggs.create' },
  body: Type.Object({ text: EggText }),
  response: {
    200: named(
      'EggCheck',
      Type.Object({
        ok: Type.Boolean(),
        name: Type.String(),
        format: Type.String(),
        variableCount: Type.Integer(),
        images: Type.Array(Type.String()),
        diagnostics: Type.Array(EggDiagnostic),
        /** An egg with the same uuid or the same name in the panel; importing can update it. */
        existing: Type.Union([Uuid, Type.Null()]),
      }),
    ),
  },
  bodyLimitBytes: 4_194_304,
})

export const importEgg = contract({
  method: 'POST',
  path: '/eggs',
  tag: 'Eggs',
  summary: 'Import an egg file: any Pterodactyl or Pelican format, JSON or YAML',
  class: 'at-most-once',
  permission: { admin: 'eggs.create' },
  body: Type.Object({
    nest: Uuid,
    fileName: Type.Optional(Type.String({ maxLength: 191 })),
    text: EggText,
    /** Address it was fetched from: updates come from there, unless the file names an address itself. */
    url: Type.Optional(WebAddress),
    /** What to do when the egg is in the panel already. @default create */
    onExisting: Type.Optional(OneOf(['create', 'update'])),
  }),
  response: { 200: Egg, 201: Egg },
  errors: ['NEST_NOT_FOUND', 'EGG_INVALID', 'OUTBOUND_URL_INVALID'],
  rate: 'write',
  bodyLimitBytes: 4_194_304,
})

export const deleteEgg = contract({
  method: 'DELETE',
  path: '/eggs/:egg',
  tag: 'Eggs',
  summary: 'Delete an egg that no server uses',
  class: 'converge',
  permission: { admin: 'eggs.delete' },
  params: eggParams,
  response: { 200: Nothing },
  errors: ['EGG_NOT_FOUND', 'EGG_IN_USE'],
})
