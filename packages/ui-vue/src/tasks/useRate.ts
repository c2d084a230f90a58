import { computed, shallowRef, watch, type MaybeRefOrGetter, toValue } from 'vue'

interface Sample {
  readonly at: number
  readonly current: number
}

const WINDOW_MS = 10_000

/** Speed and remaining time of something that counts up; both unknown for the first three seconds. */
export function useRate(
  current: MaybeRefOrGetter<number | undefined>,
  total: MaybeRefOrGetter<number | null | undefined>,
  now: () => number = () => Date.now(),
) {
  const samples = shallowRef<readonly Sample[]>([])
  watch(
    () => toValue(current),
    (value) => {
      const last = samples.value.at(-1)
      if (value === undefined || (last && value < last.current)) {
        samples.value = value === undefined ? [] : [{ at: now(), current: value }]
        return
      }
      const at = now()
      samples.value = [...samples.value.filter((sample) => at - sample.at < WINDOW_MS), { at, current: value }]
    },
    { immediate: true },
  )
  const perSecond = computed(() => {
    const first = samples.value[0]
    const last = samples.value.at(-1)
    if (!first || !last || last.at - first.at < 3000) return undefined
    return ((last.current - first.current) / (last.at - first.at)) * 1000
  })
  const remainingMs = computed(() => {
    const end = toValue(total)
    const last = samples.value.at(-1)
    if (!end || !last || !perSecond.value) return undefined
    return ((end - last.current) / perSecond.value) * 1000
  })
  return { perSecond, remainingMs }
}
