import type { LiveEvents, Operation, Server, ServerSummary } from '@hatchery/core/sdk'
import { useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { onScopeDispose } from 'vue'
import { queryKeys } from '../api/query-keys.ts'
import { useLive } from '../api/useLive.ts'
import { isFinished, withOperation } from '../tasks/useOperations.ts'

interface ServerRows {
  readonly data: readonly ServerSummary[]
}
/** The dashboard reads page after page; what looks for a few servers reads one. */
type ServerList = InfiniteData<ServerRows> | ServerRows
const LIST_RELOAD_MS = 400
const GOOD_NEWS_MS = 8000

/** Feeds the query cache from the live channel: one subscription each for servers, jobs and nodes. */
export function useServerFeed(options: { readonly nodes: () => boolean }): void {
  const queries = useQueryClient()
  let reload: ReturnType<typeof setTimeout> | undefined
  const leaving = new Set<ReturnType<typeof setTimeout>>()
  onScopeDispose(() => {
    clearTimeout(reload)
    leaving.forEach(clearTimeout)
  })

  /** Many changes at once reload the list once. */
  function reloadLists(): void {
    reload ??= setTimeout(() => {
      reload = undefined
      void queries.invalidateQueries({ queryKey: queryKeys.servers })
    }, LIST_RELOAD_MS)
  }

  /** Good news leaves the task centre by itself; a finished power action at once, because the state says it. */
  function leaveSoon({ id, kind }: Operation): void {
    const leave = (): void => {
      leaving.delete(timer)
      queries.setQueryData<readonly Operation[]>(queryKeys.operations, (all) => all?.filter((one) => one.id !== id))
    }
    const timer = setTimeout(leave, kind.startsWith('power.') ? 0 : GOOD_NEWS_MS)
    leaving.add(timer)
  }

  function patchServer({ server: id, state, revision, deleted }: LiveEvents['servers']): void {
    let isKnown = false
    let isOlder = false
    const patchRows = <T extends ServerRows>(page: T): T => ({
      ...page,
      data: page.data.map((row) => {
        if (row.id !== id) return row
        isKnown = true
        isOlder ||= row.revision < revision
        return { ...row, state }
      }),
    })
    queries.setQueriesData<ServerList>({ queryKey: queryKeys.servers }, (list) => {
      if (!list) return list
      return 'pages' in list ? { ...list, pages: list.pages.map(patchRows) } : patchRows(list)
    })
    const known = queries.getQueryData<Server>(queryKeys.server(id))
    if (known) {
      queries.setQueryData<Server>(queryKeys.server(id), { ...known, state })
      if (known.revision < revision || deleted)
        void queries.invalidateQueries({ queryKey: queryKeys.server(id), exact: true })
    }
    if (!isKnown || isOlder || deleted) reloadLists()
  }

  useLive('servers', '', { onEvent: patchServer, onResync: reloadLists })
  useLive('operations', '', {
    onEvent({ operation }) {
      // A command is answered by the console; it is no task that anybody follows.
      if (operation.kind !== 'command') {
        queries.setQueryData<readonly Operation[]>(queryKeys.operations, (all) => withOperation(all ?? [], operation))
      }
      if (operation.status === 'succeeded') leaveSoon(operation)
      if (!isFinished(operation) || !operation.server) return
      void queries.invalidateQueries({ queryKey: queryKeys.server(operation.server), exact: true })
      if (operation.kind === 'delete') reloadLists()
    },
    onResync: () => void queries.invalidateQueries({ queryKey: queryKeys.operations }),
  })
  useLive('nodes', () => (options.nodes() ? '' : undefined), {
    onEvent: () => void queries.invalidateQueries({ queryKey: queryKeys.nodes }),
    onResync: () => void queries.invalidateQueries({ queryKey: queryKeys.nodes }),
  })
}
