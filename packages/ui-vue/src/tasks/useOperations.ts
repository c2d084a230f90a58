import type { Operation } from '@hatchery/core/sdk'
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { usePanel } from '../api/panel.ts'
import { queryKeys } from '../api/query-keys.ts'

/** The jobs at work now, and those that ended while this tab was open. Fed by the live channel. */
export function useOperations() {
  const { client } = usePanel()
  const queries = useQueryClient()
  const { data } = useQuery({
    queryKey: queryKeys.operations,
    queryFn: async ({ signal }) => {
      const { data: active } = await client.listOperations({ query: { status: 'active', limit: 100 }, signal })
      const known = queries.getQueryData<readonly Operation[]>(queryKeys.operations) ?? []
      const ended = known.filter((operation) => isFinished(operation))
      return [...active, ...ended.filter(({ id }) => !active.some((operation) => operation.id === id))]
    },
  })
  const operations = computed(() => data.value ?? [])

  /** Takes a finished job out of the list. */
  function dismiss(id: string): void {
    queries.setQueryData<readonly Operation[]>(queryKeys.operations, (all) => all?.filter((one) => one.id !== id) ?? [])
  }

  return { operations, active: computed(() => operations.value.filter((one) => !isFinished(one))), dismiss }
}

export function isFinished({ status }: Pick<Operation, 'status'>): boolean {
  return status !== 'pending' && status !== 'running'
}

/** The list with a newer version of one job in it; older versions change nothing. */
export function withOperation(all: readonly Operation[], next: Operation): readonly Operation[] {
  const index = all.findIndex(({ id }) => id === next.id)
  if (index === -1) return [next, ...all]
  if ((all[index]?.revision ?? 0) > next.revision) return all
  return all.with(index, next)
}
