import { onScopeDispose, toValue, watch, type MaybeRefOrGetter } from 'vue'
import type { LiveHandlers, LiveKind } from './live-feed.ts'
import { usePanel } from './panel.ts'

/** Subscribes for as long as the calling scope lives; `id` undefined pauses it. Topics without id take `''`. */
export function useLive<K extends LiveKind>(
  kind: K,
  id: MaybeRefOrGetter<string | undefined>,
  handlers: LiveHandlers<K>,
): void {
  const { live } = usePanel()
  let end: (() => void) | undefined
  watch(
    () => toValue(id),
    (next) => {
      end?.()
      end = next === undefined ? undefined : live.subscribe(kind, next === '' ? undefined : next, handlers)
    },
    { immediate: true },
  )
  onScopeDispose(() => end?.())
}
