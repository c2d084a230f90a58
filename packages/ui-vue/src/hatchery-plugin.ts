import { createClient } from '@hatchery/core/sdk'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia, getActivePinia } from 'pinia'
import type { Plugin } from 'vue'
import { createPanelFeed } from './api/create-panel-feed.ts'
import { PANEL } from './api/panel.ts'
import { createQueryClient } from './api/query-client.ts'
import { i18n, loadMessages } from './i18n/i18n.ts'

export interface HatcheryPluginOptions {
  /** Address of the panel; empty for the page's own origin. The browser sends its session cookie. */
  readonly url: string
  /** Sent with every request and never kept. */
  readonly key?: string
}

/**
 * What the exported components need around them, for an app of your own: a client, the live feed, texts and caches.
 * @example app.use(createHatcheryPlugin({ url: 'https://panel.example.com' }))
 */
export function createHatcheryPlugin({ url, key }: HatcheryPluginOptions): Plugin {
  return {
    install(app) {
      const client = createClient({ url, ...(key === undefined ? {} : { key }) })
      app.provide(PANEL, { client, live: createPanelFeed(url) })
      if (!getActivePinia()) app.use(createPinia())
      app.use(i18n).use(VueQueryPlugin, { queryClient: createQueryClient() })
      void loadMessages(['shell', 'errors', 'servers', 'server'])
    },
  }
}
