import type { EggRepositoryEgg } from '@hatchery/core/sdk'
import { computed, toValue, type MaybeRefOrGetter, type Ref } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { usePages } from '../../api/usePages.ts'
import { useDebounced } from '../../design/useDebounced.ts'

export type EggState = EggRepositoryEgg['state']

/** The eggs of a repository that match, a hundred at a time. */
export function useRepositoryEggs(
  repository: MaybeRefOrGetter<string>,
  search: Readonly<Ref<string>>,
  state: Readonly<Ref<EggState | ''>>,
) {
  const { client } = usePanel()
  const term = useDebounced(() => search.value.trim())
  const filter = computed(() => ({
    ...(term.value ? { search: term.value } : {}),
    ...(state.value ? { state: state.value } : {}),
  }))
  const { rows: eggs, ...query } = usePages<EggRepositoryEgg>(
    computed(() => queryKeys.eggRepositoryEggs(toValue(repository), filter.value)),
    (cursor, signal) =>
      client.listEggRepositoryEggs({
        params: { repository: toValue(repository) },
        query: { limit: 100, ...filter.value, ...(cursor ? { cursor } : {}) },
        signal,
      }),
  )

  /** Loads what is left of the list; answers all of it. */
  async function loadAll(): Promise<readonly EggRepositoryEgg[]> {
    let [pages, hasMore] = [query.data.value?.pages, query.hasNextPage.value]
    while (hasMore) {
      const result = await query.fetchNextPage()
      pages = result.data?.pages
      hasMore = result.hasNextPage && !result.isError
    }
    return pages?.flatMap(({ data }) => data) ?? []
  }
  return { eggs, filter, loadAll, ...query }
}
