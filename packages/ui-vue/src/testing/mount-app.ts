import { createClient, type LiveEvents } from '@hatchery/core/sdk'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { mount, type VueWrapper } from '@vue/test-utils'
import axe from 'axe-core'
import { afterEach } from 'vitest'
import { createPinia } from 'pinia'
import { shallowRef, type Component } from 'vue'
import { createMemoryHistory, createRouter, type RouteRecordRaw, type Router } from 'vue-router'
import { routes } from '../app/router.ts'
import type { LiveFeed, LiveHandlers, LiveKind, LiveStatus } from '../api/live-feed.ts'
import { PANEL } from '../api/panel.ts'
import { createQueryClient } from '../api/query-client.ts'
import { i18n, loadMessages } from '../i18n/i18n.ts'

const mounted: VueWrapper[] = []
afterEach(() => {
  for (const wrapper of mounted.splice(0)) wrapper.unmount()
  document.body.replaceChildren()
})

export interface SentRequest {
  readonly method: string
  readonly path: string
  readonly body: unknown
}
/** Answers by `METHOD /path`; a function gets the request. */
export type Replies = Readonly<Record<string, unknown>>

/** A live feed whose events a test sends by hand. */
export interface TestFeed extends LiveFeed {
  readonly status: ReturnType<typeof shallowRef<LiveStatus>> & { value: LiveStatus }
  emit<K extends LiveKind>(topic: K | `${K}:${string}`, event: LiveEvents[K]): void
  readonly topics: ReadonlySet<string>
}

export function createTestFeed(): TestFeed {
  const handlers = new Map<string, Set<LiveHandlers<LiveKind>>>()
  return {
    status: shallowRef<LiveStatus>('open') as TestFeed['status'],
    get topics() {
      return new Set([...handlers].filter(([, set]) => set.size > 0).map(([topic]) => topic))
    },
    subscribe(kind, id, handler) {
      const topic = id === undefined ? kind : `${kind}:${id}`
      const set = handlers.get(topic) ?? new Set()
      handlers.set(topic, set)
      set.add(handler as LiveHandlers<LiveKind>)
      return () => void set.delete(handler as LiveHandlers<LiveKind>)
    },
    emit(topic, event) {
      for (const handler of handlers.get(topic) ?? []) handler.onEvent(event)
    },
    open: () => undefined,
    close: () => undefined,
  }
}

/** Mounts a component in the whole app's surroundings, with an API that answers what the test says. */
export async function mountInApp(
  component: Component,
  options: { props?: Record<string, unknown>; replies?: Replies; path?: string } = {},
) {
  await loadMessages([
    'shell',
    'errors',
    'signIn',
    'servers',
    'server',
    'files',
    'fileTools',
    'fileHistory',
    'serverProperties',
    'account',
    'ssh',
    'admin',
    'eggs',
    'permissions',
    'keyPermissions',
  ])
  i18n.global.locale.value = 'en'
  const sent: SentRequest[] = []
  const client = createClient({
    url: 'http://panel.test',
    retry: { attempts: 1 },
    async fetch(url, init) {
      const path = url.replace('http://panel.test/api/v1', '').split('?')[0] ?? ''
      const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined
      const request = { method: init.method ?? 'GET', path, body }
      sent.push(request)
      const reply = (options.replies ?? {})[`${request.method} ${path}`]
      const result: unknown =
        typeof reply === 'function' ? (reply as (request: SentRequest) => unknown)(request) : reply
      if (result instanceof Response) return result
      if (result === undefined) return refuse(404, 'ROUTE_NOT_FOUND', `No reply for ${request.method} ${path}`)
      return new Response(JSON.stringify(result), { status: 200 })
    },
  })
  const live = createTestFeed()
  const router: Router = createRouter({ history: createMemoryHistory(), routes: routes.map(withoutPage) })
  await router.push(options.path ?? '/')
  const wrapper: VueWrapper = mount(component, {
    attachTo: document.body,
    props: options.props ?? {},
    global: {
      plugins: [createPinia(), i18n, [VueQueryPlugin, { queryClient: createQueryClient() }], router],
      provide: { [PANEL as symbol]: { client, live } },
    },
  })
  mounted.push(wrapper)
  return { wrapper, sent, live, router }
}

/** The addresses of the app without its pages: a test mounts the one it is about. */
function withoutPage(route: RouteRecordRaw): RouteRecordRaw {
  const empty = { render: () => undefined }
  return { ...route, component: empty, children: route.children?.map(withoutPage) ?? [] } as RouteRecordRaw
}

export function refuse(status: number, code: string, message: string, details: object = {}): Response {
  return new Response(JSON.stringify({ error: { code, message, details, requestId: 'req-1' } }), { status })
}

/** What axe finds wrong in a mounted component, or in a dialog of it. Colours need a real browser and are checked there. */
export async function accessibilityProblems(wrapper: { readonly element: unknown }): Promise<readonly string[]> {
  const { violations } = await axe.run(wrapper.element as Element, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  })
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)
}
