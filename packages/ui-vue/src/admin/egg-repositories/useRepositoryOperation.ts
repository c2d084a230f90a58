import type { Operation } from '@hatchery/core/sdk'
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { isFinished, useOperations } from '../../tasks/useOperations.ts'

/**
 * The job at work on a repository: read once, then fed by the live channel. When it ends, everything that it may have
 * changed is loaded again.
 */
export function useRepositoryOperation(id: MaybeRefOrGetter<string | null | undefined>) {
  const { client } = usePanel()
  const queries = useQueryClient()
  const { operations } = useOperations()
  const wanted = computed(() => toValue(id) ?? undefined)
  const { data: operation } = useQuery({
    queryKey: computed(() => queryKeys.operation(wanted.value ?? '')),
    queryFn: ({ signal }) => client.getOperation({ params: { operation: wanted.value ?? '' }, signal }),
    enabled: computed(() => wanted.value !== undefined),
  })
  const isBusy = computed(
    () => wanted.value !== undefined && !(operation.value?.id === wanted.value && isFinished(operation.value)),
  )

  // The task centre forgets what went well; here it is kept.
  watch(
    () => operations.value.find((one) => one.id === wanted.value),
    (live) => {
      if (!live) return
      queries.setQueryData<Operation>(queryKeys.operation(live.id), (known) =>
        known && known.revision > live.revision ? known : live,
      )
    },
    { immediate: true },
  )
  watch(
    () => (operation.value && isFinished(operation.value) ? operation.value.id : undefined),
    (finished) => {
      if (!finished) return
      const stale = [queryKeys.eggRepositories, queryKeys.eggs, queryKeys.nests]
      for (const queryKey of stale) void queries.invalidateQueries({ queryKey })
    },
    { immediate: true },
  )
  return { operation, isBusy }
}
