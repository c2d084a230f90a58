import { createClient } from '@hatchery/core/sdk'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp, shallowRef, type App as VueApp } from 'vue'
import type { Router } from 'vue-router'
import { withDirectLive } from '../api/direct-live.ts'
import { createPanelFeed } from '../api/create-panel-feed.ts'
import { PANEL, type Panel } from '../api/panel.ts'
import { createQueryClient } from '../api/query-client.ts'
import { queryKeys } from '../api/query-keys.ts'
import { applyLanguage, currentLanguage, i18n, loadMessages } from '../i18n/i18n.ts'
import App from './App.vue'
import { createAppRouter } from './router.ts'

export interface HatcheryOptions {
  /** Address of the panel. @default the page's own origin */
  readonly url?: string
}

/** The whole web app, ready to be mounted. */
export function createHatchery({ url = '' }: HatcheryOptions = {}): { app: VueApp; router: Router } {
  const queries = createQueryClient()
  const client = createClient({
    url,
    onUnauthorized() {
      live.close()
      const { currentRoute } = router
      if (currentRoute.value.meta.public || currentRoute.value.matched.length === 0) return
      queries.removeQueries({ queryKey: queryKeys.account })
      void router.push({ name: 'sign-in', query: { next: currentRoute.value.fullPath } })
    },
  })
  const live = withDirectLive(createPanelFeed(url), client)
  const panel: Panel = { client, live }
  const router = createAppRouter(panel, queries)
  const failure = shallowRef<unknown>()
  router.onError((error) => {
    console.error(error)
    failure.value = error
  })
  router.afterEach(() => {
    failure.value = undefined
  })
  const app = createApp(App, { failure })
  app.provide(PANEL, panel)
  app.use(createPinia()).use(i18n).use(VueQueryPlugin, { queryClient: queries }).use(router)
  applyLanguage(currentLanguage())
  // No page needs the sentences of errors to be shown; until they are there, the server's own stand in for them.
  void router.isReady().then(() => whenIdle(() => void loadMessages(['errors'])))
  return { app, router }
}

/** Safari has no idle callback. */
function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(work, { timeout: 10_000 })
  else setTimeout(work, 2_000)
}
