import type { Server } from '@hatchery/core/sdk'
import { inject, type ComputedRef, type InjectionKey } from 'vue'

/** The server whose pages are shown; given by the layout once it is loaded. */
export const SERVER: InjectionKey<ComputedRef<Server>> = Symbol('hatchery:server')

export function useServer(): ComputedRef<Server> {
  const server = inject(SERVER)
  if (!server) throw new Error('useServer() works below a server page only.')
  return server
}
