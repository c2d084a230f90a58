import type { ServerState } from '@hatchery/core/sdk'
import { computed, onScopeDispose } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { usePanel } from '../api/panel.ts'
import { queryKeys } from '../api/query-keys.ts'
import { usePages } from '../api/usePages.ts'
import { useSession } from '../session/useSession.ts'

export const STATE_FILTERS = [
  'running',
  'offline',
  'starting',
  'stopping',
  'installing',
  'install_failed',
  'suspended',
] as const
const TYPING_MS = 200

export interface ServerFilter {
  readonly search: string
  readonly state: ServerState | undefined
  readonly scope: 'mine' | 'all'
}

/** The server list with its filter in the address of the page. */
export function useServerList() {
  const { client } = usePanel()
  const { may } = useSession()
  const route = useRoute()
  const router = useRouter()
  let timer: ReturnType<typeof setTimeout> | undefined
  onScopeDispose(() => clearTimeout(timer))

  const filter = computed<ServerFilter>(() => ({
    search: text(route.query['search']),
    state: STATE_FILTERS.find((state) => state === route.query['state']),
    scope: may('servers.read') && route.query['scope'] !== 'mine' ? 'all' : 'mine',
  }))

  /** Typing waits a moment before it searches. */
  function setFilter(change: Partial<Record<keyof ServerFilter, string>>): void {
    clearTimeout(timer)
    const query = Object.fromEntries(
      Object.entries({ ...route.query, ...change }).filter(([, value]) => value !== '' && value !== null),
    )
    timer = setTimeout(() => void router.replace({ query }), change.search ? TYPING_MS : 0)
  }

  const pages = usePages(
    () => queryKeys.serverList(filter.value),
    (cursor, signal) => {
      const { search, state, scope } = filter.value
      return client.listServers({
        query: {
          scope,
          sort: 'name',
          ...(search ? { search } : {}),
          ...(state ? { state } : {}),
          ...(cursor ? { cursor } : {}),
        },
        signal,
      })
    },
  )
  const isFiltered = computed(() => filter.value.search !== '' || filter.value.state !== undefined)
  return { ...pages, filter, isFiltered, setFilter }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
