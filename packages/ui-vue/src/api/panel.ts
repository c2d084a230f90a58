import type { Client } from '@hatchery/core/sdk'
import { inject, type InjectionKey } from 'vue'
import type { LiveFeed } from './live-feed.ts'

/** The panel this app talks to. */
export interface Panel {
  readonly client: Client
  readonly live: LiveFeed
}

export const PANEL: InjectionKey<Panel> = Symbol('hatchery:panel')

/** The panel that the app was set up with. */
export function usePanel(): Panel {
  const panel = inject(PANEL)
  if (!panel) throw new Error('No panel: install the plugin of createHatchery() first.')
  return panel
}
