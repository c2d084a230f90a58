import type { PowerAction, ServerSummary } from '@hatchery/core/sdk'

const POWER_PERMISSIONS: Readonly<Record<PowerAction, string>> = {
  start: 'control.start',
  stop: 'control.stop',
  restart: 'control.restart',
  kill: 'control.stop',
}

/** Whether the caller may do something on a server. */
export function mayOnServer(server: Pick<ServerSummary, 'permissions'> | undefined, permission: string): boolean {
  return server !== undefined && (server.permissions.includes('*') || server.permissions.includes(permission))
}

/** The power actions that make sense in a state and that the caller may take. */
export function powerActions(server: Pick<ServerSummary, 'permissions' | 'state' | 'holds'>): readonly PowerAction[] {
  return actionsIn(server.state, server.holds.length > 0).filter((action) =>
    mayOnServer(server, POWER_PERMISSIONS[action]),
  )
}

function actionsIn(state: string, isHeld: boolean): readonly PowerAction[] {
  if (state === 'offline') return isHeld ? [] : ['start']
  if (state === 'running' || state === 'starting') return isHeld ? ['stop'] : ['restart', 'stop']
  if (state === 'stopping') return ['kill']
  return []
}
