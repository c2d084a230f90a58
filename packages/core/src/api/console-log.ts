import { Type } from 'typebox'
import { contract } from './contract.ts'
import { Nullable, ServerRef } from './schemas/common.ts'
import { ConsoleRun, ConsoleSearch } from './schemas/console-log.ts'
import { ConsoleLine } from './schemas/servers.ts'

const params = Type.Object({ server: ServerRef })
const errors = ['SERVER_NOT_FOUND', 'NODE_UNREACHABLE', 'NODE_TIMEOUT', 'NODE_UNSUPPORTED'] as const

export const searchConsole = contract({
  method: 'GET',
  path: '/servers/:server/console/search',
  tag: 'Servers',
  summary: 'Search the stored console of all runs, newest lines first',
  description:
    'One call looks for about a second. Where `nextBefore` is set, older lines were not looked at: call again with it as `before`, also when no line was found.',
  class: 'read',
  permission: { server: 'control.console' },
  params,
  query: Type.Object(ConsoleSearch),
  response: { 200: Type.Object({ data: Type.Array(ConsoleLine), nextBefore: Nullable(Type.String()) }) },
  errors,
  rate: 'expensive',
})

export const listConsoleRuns = contract({
  method: 'GET',
  path: '/servers/:server/console/runs',
  tag: 'Servers',
  summary: 'List the runs of which console lines are kept, newest first',
  class: 'read',
  permission: { server: 'control.console' },
  params,
  response: { 200: Type.Object({ data: Type.Array(ConsoleRun) }) },
  errors,
})
