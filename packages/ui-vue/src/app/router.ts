import type { QueryClient } from '@tanstack/vue-query'
import { HatcheryError } from '@hatchery/core/sdk'
import { nextTick } from 'vue'
import { createRouter, createWebHistory, type RouteRecordRaw, type Router } from 'vue-router'
import type { Panel } from '../api/panel.ts'
import { queryKeys } from '../api/query-keys.ts'
import { loadMessages, type MessageGroup } from '../i18n/i18n.ts'

declare module 'vue-router' {
  interface RouteMeta {
    /** Message groups to load before the page is shown. */
    messages?: readonly MessageGroup[]
    /** Route name of the navigation entry that is current. */
    section?: string
    public?: boolean
  }
}

const serverPage = { messages: ['server', 'servers'], section: 'dashboard' } as const
const filesPage = {
  ...serverPage,
  messages: ['server', 'servers', 'files', 'fileTools', 'fileHistory', 'ssh'],
} as const
const accountPage = { messages: ['account'], section: 'account' } as const
const eggs = { messages: ['admin', 'servers', 'eggs'], section: 'admin-eggs' } as const
const admin = (section: string) => ({ messages: ['admin', 'servers'], section }) as const

export const routes: readonly RouteRecordRaw[] = [
  {
    path: '/sign-in',
    name: 'sign-in',
    component: () => import('../session/SignInPage.vue'),
    meta: { public: true, messages: ['signIn'] },
  },
  {
    path: '/',
    component: () => import('../shell/AppShell.vue'),
    children: [
      {
        path: '',
        name: 'dashboard',
        component: () => import('../dashboard/DashboardPage.vue'),
        meta: { messages: ['servers'], section: 'dashboard' },
      },
      {
        path: 'servers/new',
        name: 'create-server',
        component: () => import('../create-server/CreateServerPage.vue'),
        meta: { messages: ['servers', 'admin'], section: 'dashboard' },
      },
      {
        path: 'servers/:server',
        component: () => import('../server/ServerLayout.vue'),
        props: true,
        children: [
          { path: '', name: 'console', component: () => import('../server/console/ConsolePage.vue'), meta: serverPage },
          { path: 'files', name: 'server-files', component: () => import('../files/FilesView.vue'), meta: filesPage },
          {
            path: 'files/edit',
            name: 'server-file',
            component: () => import('../files/editor/FileEditorPage.vue'),
            meta: filesPage,
          },
          {
            path: 'files/trash',
            name: 'server-trash',
            component: () => import('../files/TrashPage.vue'),
            meta: filesPage,
          },
          {
            path: 'files/lost',
            name: 'server-lost-files',
            component: () => import('../files/history/LostFilesPage.vue'),
            meta: filesPage,
          },
          {
            path: 'startup',
            name: 'startup',
            component: () => import('../server/startup/StartupPage.vue'),
            meta: serverPage,
          },
          {
            path: 'users',
            name: 'server-users',
            component: () => import('../server/people/PeoplePage.vue'),
            meta: { ...serverPage, messages: ['server', 'servers', 'permissions'] },
          },
          {
            path: 'activity',
            name: 'server-activity',
            component: () => import('../server/activity/ServerActivityPage.vue'),
            meta: { ...serverPage, messages: ['server', 'servers', 'admin'] },
          },
          {
            path: 'settings',
            name: 'server-settings',
            component: () => import('../server/settings/SettingsPage.vue'),
            meta: serverPage,
          },
        ],
      },
      {
        path: 'account',
        component: () => import('../account/AccountLayout.vue'),
        children: [
          { path: '', name: 'account', component: () => import('../account/ProfilePage.vue'), meta: accountPage },
          {
            path: 'security',
            name: 'account-security',
            component: () => import('../account/SecurityPage.vue'),
            meta: { ...accountPage, messages: ['account', 'ssh'] },
          },
          {
            path: 'api-keys',
            name: 'api-keys',
            component: () => import('../account/ApiKeysPage.vue'),
            meta: { ...accountPage, messages: ['account', 'permissions', 'keyPermissions'] },
          },
        ],
      },
      {
        path: 'admin/users',
        name: 'admin-users',
        component: () => import('../admin/users/UsersPage.vue'),
        meta: admin('admin-users'),
      },
      {
        path: 'admin/nodes',
        name: 'admin-nodes',
        component: () => import('../admin/nodes/NodesPage.vue'),
        meta: admin('admin-nodes'),
      },
      {
        path: 'admin/nodes/:node',
        name: 'admin-node',
        component: () => import('../admin/nodes/NodePage.vue'),
        props: true,
        meta: admin('admin-nodes'),
      },
      {
        path: 'admin/locations',
        name: 'admin-locations',
        component: () => import('../admin/locations/LocationsPage.vue'),
        meta: admin('admin-locations'),
      },
      {
        path: 'admin/eggs',
        name: 'admin-eggs',
        component: () => import('../admin/eggs/EggsPage.vue'),
        meta: eggs,
      },
      {
        path: 'admin/eggs/:egg',
        name: 'admin-egg',
        component: () => import('../admin/eggs/EggPage.vue'),
        props: true,
        meta: eggs,
      },
      {
        path: 'admin/egg-repositories',
        name: 'egg-repositories',
        component: () => import('../admin/egg-repositories/RepositoriesPage.vue'),
        meta: eggs,
      },
      {
        path: 'admin/egg-repositories/:repository',
        name: 'egg-repository',
        component: () => import('../admin/egg-repositories/RepositoryPage.vue'),
        props: true,
        meta: eggs,
      },
      {
        path: 'admin/activity',
        name: 'admin-activity',
        component: () => import('../admin/activity/ActivityPage.vue'),
        meta: admin('admin-activity'),
      },
      { path: ':path(.*)*', name: 'not-found', component: () => import('../shell/NotFoundPage.vue') },
    ],
  },
]

/** Loads texts, asks for sign-in where it is needed, and moves the focus to the heading of the new page. */
export function createAppRouter(panel: Panel, queries: QueryClient): Router {
  const router = createRouter({
    history: createWebHistory(import.meta.env.BASE_URL),
    routes: [...routes],
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })

  router.beforeEach(async (to) => {
    const texts = loadMessages(['shell', ...(to.meta.messages ?? [])])
    if (to.meta.public) {
      await texts
      return true
    }
    try {
      const [account] = await Promise.all([
        queries.ensureQueryData({
          queryKey: queryKeys.account,
          queryFn: ({ signal }) => panel.client.getAccount({ signal }),
          staleTime: Number.POSITIVE_INFINITY,
        }),
        texts,
      ])
      if (account) panel.live.open()
      return true
    } catch (error) {
      if (error instanceof HatcheryError && error.code === 'NOT_SIGNED_IN') {
        return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
      }
      throw error
    }
  })

  router.afterEach((to, from, failure) => {
    if (failure || from.matched.length === 0 || to.path === from.path) return
    void nextTick(() => document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true }))
  })
  return router
}
