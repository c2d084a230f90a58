import { Type } from 'typebox'
import { contract } from './contract.ts'
import { OneOf, Uuid } from './schemas/common.ts'
import {
  EggExport,
  EggExportFormat,
  EggUpdated,
  EggUpdatePreview,
  EggUpdateSource,
  FetchedEgg,
  WebAddress,
} from './schemas/egg-updates.ts'

const params = Type.Object({ egg: Uuid })

export const fetchEgg = contract({
  method: 'POST',
  path: '/eggs/fetch',
  tag: 'Eggs',
  summary: 'Fetch an egg file from an address, to check or import it',
  description:
    'At most 1 MiB. Only public addresses are reached, unless the host has allowed others; what is no egg is not answered.',
  class: 'read',
  permission: { admin: 'eggs.create' },
  body: Type.Object({ url: WebAddress }),
  response: { 200: FetchedEgg },
  errors: ['OUTBOUND_URL_INVALID', 'OUTBOUND_REFUSED', 'OUTBOUND_FAILED', 'OUTBOUND_TOO_LARGE', 'EGG_INVALID'],
  rate: 'write',
})

export const checkEggUpdate = contract({
  method: 'POST',
  path: '/eggs/:egg/update-check',
  tag: 'Eggs',
  summary: 'Say what an update of an egg would change, and for which servers',
  class: 'read',
  permission: { admin: 'eggs.update' },
  params,
  body: Type.Object(EggUpdateSource),
  response: { 200: EggUpdatePreview },
  errors: [
    'EGG_NOT_FOUND',
    'EGG_INVALID',
    'EGG_NO_UPDATE_SOURCE',
    'EGG_REPOSITORY_NOT_FOUND',
    'EGG_REPOSITORY_EGG_NOT_FOUND',
    'OUTBOUND_URL_INVALID',
    'OUTBOUND_REFUSED',
    'OUTBOUND_FAILED',
    'OUTBOUND_TOO_LARGE',
  ],
  rate: 'expensive',
  bodyLimitBytes: 4_194_304,
})

export const updateEgg = contract({
  method: 'POST',
  path: '/eggs/:egg/update',
  tag: 'Eggs',
  summary: 'Update an egg to the version whose changes were shown; servers keep their values',
  class: 'at-most-once',
  permission: { admin: 'eggs.update' },
  params,
  body: Type.Object({
    ...EggUpdateSource,
    /** From the preview. Where egg or file are not as they were then, the answer is EGG_UPDATE_CHANGED. */
    hash: Type.String({ minLength: 1, maxLength: 128 }),
  }),
  response: { 200: EggUpdated },
  errors: [
    'EGG_NOT_FOUND',
    'EGG_INVALID',
    'EGG_NO_UPDATE_SOURCE',
    'EGG_UPDATE_CHANGED',
    'EGG_REPOSITORY_NOT_FOUND',
    'EGG_REPOSITORY_EGG_NOT_FOUND',
    'OUTBOUND_URL_INVALID',
    'OUTBOUND_REFUSED',
    'OUTBOUND_FAILED',
    'OUTBOUND_TOO_LARGE',
  ],
  rate: 'expensive',
  bodyLimitBytes: 4_194_304,
})

export const exportEgg = contract({
  method: 'GET',
  path: '/eggs/:egg/export',
  tag: 'Eggs',
  summary: 'Write an egg in a format of choice, and list what that format cannot hold',
  class: 'read',
  permission: { admin: 'eggs.read' },
  params,
  query: Type.Object({
    /** @default hatchery */
    format: Type.Optional(EggExportFormat),
    /** @default json */
    encoding: Type.Optional(OneOf(['json', 'yaml'])),
  }),
  response: { 200: EggExport },
  errors: ['EGG_NOT_FOUND'],
})
