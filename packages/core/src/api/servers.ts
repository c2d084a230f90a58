import { Type } from 'typebox'
import { contract } from './contract.ts'
import {
  Description,
  ExternalId,
  Name,
  Nullable,
  OneOf,
  Page,
  PageOf,
  ServerRef,
  Uuid,
  named,
} from './schemas/common.ts'
import {
  ActivityEvent,
  ConsoleLine,
  HoldKind,
  Limits,
  OperationRef,
  PowerAction,
  Server,
  ServerLifecycle,
  ServerState,
  ServerStats,
  ServerSummary,
  Startup,
} from './schemas/servers.ts'

const params = Type.Object({ server: ServerRef })
/** Values by environment name. */
const Variables = Type.Record(Type.String({ pattern: '^\\w{1,191}$' }), Type.String({ maxLength: 65_536 }))

export const listServers = contract({
  method: 'GET',
  path: '/servers',
  tag: 'Servers',
  summary: 'List the servers the caller has access to',
  class: 'read',
  permission: { account: 'servers.read' },
  query: Type.Object({
    ...Page,
    search: Type.Optional(Type.String({ maxLength: 191 })),
    state: Type.Optional(ServerState),
    /** `all` is for administrators: every server of the panel. @default mine */
    scope: Type.Optional(OneOf(['mine', 'all'])),
    sort: Type.Optional(OneOf(['name', '-name', 'createdAt', '-createdAt'])),
    include: Type.Optional(Type.Literal('total')),
  }),
  response: { 200: PageOf(ServerSummary) },
  errors: ['CURSOR_INVALID'],
})

export const getServer = contract({
  method: 'GET',
  path: '/servers/:server',
  tag: 'Servers',
  summary: 'Read a server',
  class: 'read',
  permission: { server: 'websocket.connect' },
  params,
  response: { 200: Server },
  errors: ['SERVER_NOT_FOUND'],
})

const Placement = named(
  'Placement',
  Type.Object({
    node: Nullable(Type.Object({ id: Uuid, name: Type.String() })),
    allocation: Nullable(Type.Object({ id: Uuid, address: Type.String() })),
    /** Every node that was looked at, with the reason it was chosen or passed over. */
    considered: Type.Array(
      Type.Object({ node: Uuid, name: Type.String(), fits: Type.Boolean(), reason: Type.String() }),
    ),
  }),
)

const Wanted = {
  egg: Uuid,
  /** Without it, the panel places the server. */
  node: Type.Optional(Uuid),
  /** Without it, a free address of the node is taken. */
  allocation: Type.Optional(Uuid),
  limits: Limits,
}

export const planServer = contract({
  method: 'POST',
  path: '/servers/plan',
  tag: 'Servers',
  summary: 'Say where a server would be placed and why, without creating it',
  class: 'read',
  permission: { admin: 'servers.create' },
  body: Type.Object(Wanted),
  response: { 200: Placement },
  errors: ['EGG_NOT_FOUND'],
})

export const createServer = contract({
  method: 'POST',
  path: '/servers',
  tag: 'Servers',
  summary: 'Create and install a server',
  class: 'resumable',
  permission: { admin: 'servers.create' },
  body: Type.Object({
    ...Wanted,
    name: Name,
    description: Type.Optional(Description),
    owner: Uuid,
    externalId: Type.Optional(Nullable(ExternalId)),
    image: Type.Optional(Type.String({ maxLength: 512 })),
    startupCommand: Type.Optional(Type.String({ maxLength: 16_384 })),
    variables: Type.Optional(Variables),
    additionalAllocations: Type.Optional(Type.Array(Uuid, { maxItems: 100 })),
    /** @default false */
    startWhenInstalled: Type.Optional(Type.Boolean()),
    skipInstallScript: Type.Optional(Type.Boolean()),
  }),
  response: { 201: named('CreatedServer', Type.Object({ server: Server, operation: Uuid })) },
  errors: [
    'EGG_NOT_FOUND',
    'USER_NOT_FOUND',
    'NODE_NOT_FOUND',
    'ALLOCATION_NOT_FOUND',
    'ALLOCATION_IN_USE',
    'NO_FREE_ALLOCATION',
    'NO_NODE_FITS',
    'NODE_FULL',
    'VARIABLE_INVALID',
    'IMAGE_NOT_ALLOWED',
    'EXTERNAL_ID_EXISTS',
  ],
  rate: 'expensive',
})

export const updateServer = contract({
  method: 'PATCH',
  path: '/servers/:server',
  tag: 'Servers',
  summary: 'Rename a server',
  class: 'converge',
  permission: { server: 'settings.rename' },
  params,
  body: Type.Partial(Type.Object({ name: Name, description: Description })),
  response: { 200: Server },
  errors: ['SERVER_NOT_FOUND', 'REVISION_MISMATCH'],
})

export const updateServerBuild = contract({
  method: 'PATCH',
  path: '/servers/:server/build',
  tag: 'Servers',
  summary: 'Change owner, limits and external id of a server',
  class: 'converge',
  permission: { admin: 'servers.update' },
  params,
  body: Type.Partial(Type.Object({ owner: Uuid, limits: Limits, externalId: Nullable(ExternalId) })),
  response: { 200: Server },
  errors: ['SERVER_NOT_FOUND', 'USER_NOT_FOUND', 'NODE_FULL', 'EXTERNAL_ID_EXISTS', 'REVISION_MISMATCH'],
})

export const updateServerLifecycle = contract({
  method: 'PATCH',
  path: '/servers/:server/lifecycle',
  tag: 'Servers',
  summary: 'Change what happens when a server crashes, and when it does not stop',
  class: 'converge',
  permission: { server: 'startup.update' },
  params,
  body: Type.Partial(
    Type.Object({
      crash: Type.Partial(ServerLifecycle.properties.crash),
      stopTimeoutMs: ServerLifecycle.properties.stopTimeoutMs,
    }),
  ),
  response: { 200: Server },
  errors: ['SERVER_NOT_FOUND', 'REVISION_MISMATCH'],
})

export const deleteServer = contract({
  method: 'DELETE',
  path: '/servers/:server',
  tag: 'Servers',
  summary: 'Delete a server with all its files',
  class: 'resumable',
  permission: { admin: 'servers.delete' },
  params,
  response: { 202: OperationRef },
  errors: ['SERVER_NOT_FOUND', 'NODE_IN_RECOVERY'],
})

export const powerServer = contract({
  method: 'POST',
  path: '/servers/:server/power',
  tag: 'Servers',
  summary: 'Start, stop, restart or kill a server',
  class: 'converge',
  permission: {
    by: 'body.action',
    map: {
      start: { server: 'control.start' },
      stop: { server: 'control.stop' },
      restart: { server: 'control.restart' },
      kill: { server: 'control.stop' },
    },
  },
  params,
  body: Type.Object({ action: PowerAction }),
  response: { 202: OperationRef },
  errors: [
    'SERVER_NOT_FOUND',
    'SERVER_BUSY',
    'SERVER_SUSPENDED',
    'SERVER_NOT_INSTALLED',
    'NODE_UNREACHABLE',
    'NODE_TIMEOUT',
    'NODE_REFUSED',
  ],
  rate: 'power',
})

export const sendCommand = contract({
  method: 'POST',
  path: '/servers/:server/command',
  tag: 'Servers',
  summary: 'Send a line to the console',
  class: 'at-most-once',
  permission: { server: 'control.console' },
  params,
  body: Type.Object({ command: Type.String({ maxLength: 4096, pattern: '^[^\\r\\n\\u0000]*$' }) }),
  response: { 202: OperationRef },
  errors: ['SERVER_NOT_FOUND', 'SERVER_NOT_RUNNING', 'NODE_UNREACHABLE', 'NODE_TIMEOUT'],
  rate: 'power',
})

export const readConsole = contract({
  method: 'GET',
  path: '/servers/:server/console',
  tag: 'Servers',
  summary: 'Read the newest console lines, or those after a cursor',
  class: 'read',
  permission: { server: 'control.console' },
  params,
  query: Type.Object({
    /** `run:line`; only later lines are answered. */
    after: Type.Optional(Type.String({ pattern: '^\\d+:\\d+$' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 200 })),
  }),
  response: { 200: Type.Object({ data: Type.Array(ConsoleLine), cursor: Nullable(Type.String()) }) },
  errors: ['SERVER_NOT_FOUND', 'NODE_UNREACHABLE', 'NODE_TIMEOUT'],
})

export const readStats = contract({
  method: 'GET',
  path: '/servers/:server/stats',
  tag: 'Servers',
  summary: 'Read what a running server uses now',
  class: 'read',
  permission: { server: 'websocket.connect' },
  params,
  response: { 200: Type.Object({ state: ServerState, stats: Nullable(ServerStats) }) },
  errors: ['SERVER_NOT_FOUND', 'NODE_UNREACHABLE', 'NODE_TIMEOUT'],
})

export const reinstallServer = contract({
  method: 'POST',
  path: '/servers/:server/reinstall',
  tag: 'Servers',
  summary: 'Stop the server and run its install script again',
  class: 'resumable',
  permission: { server: 'settings.reinstall' },
  params,
  response: { 202: OperationRef },
  errors: ['SERVER_NOT_FOUND', 'SERVER_BUSY', 'SERVER_SUSPENDED', 'NODE_UNREACHABLE'],
  rate: 'expensive',
})

export const getStartup = contract({
  method: 'GET',
  path: '/servers/:server/startup',
  tag: 'Servers',
  summary: 'Read startup command, image and variables',
  class: 'read',
  permission: { server: 'startup.read' },
  params,
  response: { 200: Startup },
  errors: ['SERVER_NOT_FOUND'],
})

export const updateStartup = contract({
  method: 'PATCH',
  path: '/servers/:server/startup',
  tag: 'Servers',
  summary: 'Change variables and, for administrators, the startup command',
  class: 'converge',
  permission: { server: 'startup.update' },
  params,
  body: Type.Partial(Type.Object({ variables: Variables, command: Type.String({ maxLength: 16_384 }) })),
  response: { 200: Startup },
  errors: ['SERVER_NOT_FOUND', 'VARIABLE_INVALID', 'VARIABLE_NOT_EDITABLE', 'PERMISSION_DENIED', 'REVISION_MISMATCH'],
})

export const updateImage = contract({
  method: 'PATCH',
  path: '/servers/:server/image',
  tag: 'Servers',
  summary: 'Choose another image of the egg; it is used from the next start on',
  class: 'converge',
  permission: { server: 'startup.docker-image' },
  params,
  body: Type.Object({ image: Type.String({ maxLength: 512 }) }),
  response: { 200: Startup },
  errors: ['SERVER_NOT_FOUND', 'IMAGE_NOT_ALLOWED', 'REVISION_MISMATCH'],
})

/** The features of an egg that a person answers with one button. */
export const answerFeature = contract({
  method: 'POST',
  path: '/servers/:server/features/:feature',
  tag: 'Servers',
  summary: 'Answer what the server asked for: accept the EULA, or take another Java image; then restart it',
  class: 'converge',
  permission: {
    by: 'params.feature',
    map: { eula: { server: 'file.update' }, java_version: { server: 'startup.docker-image' } },
  },
  params: Type.Object({ server: ServerRef, feature: OneOf(['eula', 'java_version']) }),
  body: Type.Object({ image: Type.Optional(Type.String({ maxLength: 512 })) }),
  response: { 202: OperationRef },
  errors: ['SERVER_NOT_FOUND', 'FEATURE_UNKNOWN', 'IMAGE_NOT_ALLOWED', 'NODE_UNREACHABLE'],
  rate: 'power',
})

export const placeHold = contract({
  method: 'PUT',
  path: '/servers/:server/holds/:kind',
  tag: 'Servers',
  summary: 'Suspend a server; lifting one hold leaves the others in force',
  class: 'converge',
  permission: { admin: 'servers.suspend' },
  params: Type.Object({ server: ServerRef, kind: HoldKind }),
  body: Type.Object({ reason: Type.Optional(Type.String({ maxLength: 500 })) }),
  response: { 200: Server },
  errors: ['SERVER_NOT_FOUND'],
})

export const liftHold = contract({
  method: 'DELETE',
  path: '/servers/:server/holds/:kind',
  tag: 'Servers',
  summary: 'Lift a hold',
  class: 'converge',
  permission: { admin: 'servers.suspend' },
  params: Type.Object({ server: ServerRef, kind: HoldKind }),
  response: { 200: Server },
  errors: ['SERVER_NOT_FOUND', 'HOLD_NOT_FOUND'],
})

export const listServerActivity = contract({
  method: 'GET',
  path: '/servers/:server/activity',
  tag: 'Servers',
  summary: 'Read who did what on a server, newest first',
  class: 'read',
  permission: { server: 'activity.read' },
  params,
  query: Type.Object(Page),
  response: { 200: PageOf(ActivityEvent) },
  errors: ['SERVER_NOT_FOUND', 'CURSOR_INVALID'],
})
