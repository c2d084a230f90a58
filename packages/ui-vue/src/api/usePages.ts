import { keepPreviousData, useInfiniteQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef, type MaybeRefOrGetter, toValue } from 'vue'

interface Page<T> {
  readonly data: readonly T[]
  readonly nextCursor: string | null
}

/** A list with cursors as one growing array of rows. */
export function usePages<T>(
  key: MaybeRefOrGetter<readonly unknown[]>,
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
  enabled: MaybeRefOrGetter<boolean> = true,
) {
  const query = useInfiniteQuery({
    queryKey: computed(() => toValue(key)),
    queryFn: ({ pageParam, signal }) => load(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Page<T>) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    enabled: computed(() => toValue(enabled)),
  })
  const rows: ComputedRef<readonly T[]> = computed(() => query.data.value?.pages.flatMap((page) => page.data) ?? [])
  return { ...query, rows }
}
