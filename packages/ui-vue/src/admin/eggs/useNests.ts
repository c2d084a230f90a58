import type { Nest } from '@hatchery/core/sdk'
import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'

/** The groups that eggs are sorted into. */
export function useNests() {
  const { client } = usePanel()
  const query = useQuery({
    queryKey: queryKeys.nests,
    queryFn: ({ signal }) => client.listNests({ query: { limit: 100 }, signal }),
  })
  return { ...query, nests: computed((): readonly Nest[] => query.data.value?.data ?? []) }
}
