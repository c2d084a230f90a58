import type { ServerStats } from '@hatchery/core/sdk'
import { shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { useLive } from '../api/useLive.ts'

/** The newest reading of a running server; nothing while `id` is undefined. */
export function useServerStats(
  id: MaybeRefOrGetter<string | undefined>,
): Readonly<ShallowRef<ServerStats | undefined>> {
  const stats = shallowRef<ServerStats>()
  useLive('server-stats', id, { onEvent: (event) => (stats.value = event.stats) })
  watch(
    () => toValue(id),
    () => (stats.value = undefined),
  )
  return stats
}
