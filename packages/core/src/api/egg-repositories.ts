import { Type } from 'typebox'
import { contract } from './contract.ts'
import { Name, Nothing, Nullable, Page, PageOf, Uuid } from './schemas/common.ts'
import {
  EggRepository,
  EggRepositoryEgg,
  EggRepositoryEggDetail,
  EggRepositoryEggState,
  GitAddress,
  GitBranch,
  GitCredentials,
  GitFolder,
} from './schemas/egg-repositories.ts'
import { OperationRef } from './schemas/servers.ts'

const tag = 'Egg repositories'
const params = Type.Object({ repository: Uuid })
const SyncEveryMinutes = Nullable(Type.Integer({ minimum: 15, maximum: 43_200 }))

export const listEggRepositories = contract({
  method: 'GET',
  path: '/egg-repositories',
  tag,
  summary: 'List egg repositories',
  class: 'read',
  permission: { admin: 'egg-repositories.read' },
  query: Type.Object(Page),
  response: { 200: PageOf(EggRepository) },
})

export const createEggRepository = contract({
  method: 'POST',
  path: '/egg-repositories',
  tag,
  summary: 'Add an egg repository and read it for the first time',
  description: '`operation` of the answer is the first sync.',
  class: 'at-most-once',
  permission: { admin: 'egg-repositories.create' },
  body: Type.Object({
    name: Name,
    url: GitAddress,
    /** @default null, the default branch */
    branch: Type.Optional(Nullable(GitBranch)),
    /** @default '', the whole repository */
    folder: Type.Optional(GitFolder),
    credentials: Type.Optional(Nullable(GitCredentials)),
    /** @default null, only when asked */
    syncEveryMinutes: Type.Optional(SyncEveryMinutes),
  }),
  response: { 201: EggRepository },
  errors: ['EGG_REPOSITORY_EXISTS', 'EGG_REPOSITORY_CREDENTIALS_OPEN', 'OUTBOUND_URL_INVALID', 'OUTBOUND_REFUSED'],
})

export const getEggRepository = contract({
  method: 'GET',
  path: '/egg-repositories/:repository',
  tag,
  summary: 'Read an egg repository',
  class: 'read',
  permission: { admin: 'egg-repositories.read' },
  params,
  response: { 200: EggRepository },
  errors: ['EGG_REPOSITORY_NOT_FOUND'],
})

export const updateEggRepository = contract({
  method: 'PATCH',
  path: '/egg-repositories/:repository',
  tag,
  summary: 'Change an egg repository; another address, branch or folder needs a sync to show',
  class: 'converge',
  permission: { admin: 'egg-repositories.update' },
  params,
  body: Type.Object({
    name: Type.Optional(Name),
    /** Another host, port or scheme takes the credentials away, unless new ones come with it. */
    url: Type.Optional(GitAddress),
    branch: Type.Optional(Nullable(GitBranch)),
    folder: Type.Optional(GitFolder),
    /** Null removes them; left out, they stay. */
    credentials: Type.Optional(Nullable(GitCredentials)),
    syncEveryMinutes: Type.Optional(SyncEveryMinutes),
  }),
  response: { 200: EggRepository },
  errors: [
    'EGG_REPOSITORY_NOT_FOUND',
    'EGG_REPOSITORY_EXISTS',
    'EGG_REPOSITORY_CREDENTIALS_OPEN',
    'OUTBOUND_URL_INVALID',
    'OUTBOUND_REFUSED',
    'REVISION_MISMATCH',
  ],
})

export const deleteEggRepository = contract({
  method: 'DELETE',
  path: '/egg-repositories/:repository',
  tag,
  summary: 'Remove an egg repository; eggs that were installed from it stay',
  class: 'converge',
  permission: { admin: 'egg-repositories.delete' },
  params,
  response: { 200: Nothing },
  errors: ['EGG_REPOSITORY_NOT_FOUND'],
})

export const syncEggRepository = contract({
  method: 'POST',
  path: '/egg-repositories/:repository/sync',
  tag,
  summary: 'Read an egg repository again; one sync at a time, a second request joins the first',
  class: 'converge',
  permission: { admin: 'egg-repositories.sync' },
  params,
  response: { 202: OperationRef },
  errors: ['EGG_REPOSITORY_NOT_FOUND', 'EGG_REPOSITORY_BUSY'],
  rate: 'write',
})

export const listEggRepositoryEggs = contract({
  method: 'GET',
  path: '/egg-repositories/:repository/eggs',
  tag,
  summary: 'Browse the eggs of a repository, by path',
  class: 'read',
  permission: { admin: 'egg-repositories.read' },
  params,
  query: Type.Object({
    ...Page,
    /** Part of the name or the path. */
    search: Type.Optional(Type.String({ maxLength: 191 })),
    state: Type.Optional(EggRepositoryEggState),
  }),
  response: { 200: PageOf(EggRepositoryEgg) },
  errors: ['EGG_REPOSITORY_NOT_FOUND'],
})

export const getEggRepositoryEgg = contract({
  method: 'GET',
  path: '/egg-repositories/:repository/eggs/:entry',
  tag,
  summary: 'Read an egg of a repository with its file and findings',
  class: 'read',
  permission: { admin: 'egg-repositories.read' },
  params: Type.Object({ repository: Uuid, entry: Uuid }),
  response: { 200: EggRepositoryEggDetail },
  errors: ['EGG_REPOSITORY_NOT_FOUND', 'EGG_REPOSITORY_EGG_NOT_FOUND'],
})

export const installRepositoryEggs = contract({
  method: 'POST',
  path: '/egg-repositories/:repository/install',
  tag,
  summary: 'Install eggs of a repository into a nest; those that are installed already are left as they are',
  description: 'Follow the operation; its progress counts eggs. To bring an installed egg up to date, update it.',
  class: 'resumable',
  permission: { admin: 'eggs.create' },
  params,
  body: Type.Object({
    nest: Uuid,
    /** Ids from the list of its eggs. */
    eggs: Type.Array(Uuid, { minItems: 1, maxItems: 2000 }),
  }),
  response: { 202: OperationRef },
  errors: ['EGG_REPOSITORY_NOT_FOUND', 'EGG_REPOSITORY_EGG_NOT_FOUND', 'EGG_REPOSITORY_BUSY', 'NEST_NOT_FOUND'],
  rate: 'write',
})
