import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'

/** A value that follows another one once it has rested for a moment. */
export function useDebounced<T>(source: MaybeRefOrGetter<T>, delayMs = 250): Readonly<ShallowRef<T>> {
  const settled = shallowRef(toValue(source)) as ShallowRef<T>
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    () => toValue(source),
    (next) => {
      clearTimeout(timer)
      timer = setTimeout(() => (settled.value = next), delayMs)
    },
  )
  onScopeDispose(() => clearTimeout(timer))
  return settled
}
