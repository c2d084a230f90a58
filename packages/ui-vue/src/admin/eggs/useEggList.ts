import type { EggSummary } from '@hatchery/core/sdk'
import { computed, type Ref } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { usePages } from '../../api/usePages.ts'
import { useDebounced } from '../../design/useDebounced.ts'

/** The eggs whose name matches. */
export function useEggList(search: Readonly<Ref<string>>) {
  const { client } = usePanel()
  const term = useDebounced(() => search.value.trim())
  const { rows: eggs, ...query } = usePages<EggSummary>(
    computed(() => queryKeys.eggList({ search: term.value })),
    (cursor, signal) =>
      client.listEggs({
        query: { limit: 100, ...(term.value ? { search: term.value } : {}), ...(cursor ? { cursor } : {}) },
        signal,
      }),
  )
  return { eggs, ...query }
}
