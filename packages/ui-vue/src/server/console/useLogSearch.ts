import { computed, shallowRef, watch, type Ref } from 'vue'
import type { LogEntry } from './console-buffer.ts'

/** Finds text in the log: which rows have it, how many there are, and which one is looked at. */
export function useLogSearch(entries: Readonly<Ref<readonly LogEntry[]>>) {
  const term = shallowRef('')
  const position = shallowRef(0)
  const needle = computed(() => term.value.trim().toLowerCase())
  const matches = computed<readonly number[]>(() => {
    if (needle.value === '') return []
    return entries.value.filter((entry) => entry.plain.toLowerCase().includes(needle.value)).map((entry) => entry.key)
  })
  watch(needle, () => (position.value = Math.max(0, matches.value.length - 1)))
  const currentKey = computed(() => matches.value[Math.min(position.value, matches.value.length - 1)])

  function step(by: 1 | -1): void {
    const count = matches.value.length
    if (count > 0) position.value = (Math.min(position.value, count - 1) + by + count) % count
  }

  return {
    term,
    needle,
    matches,
    /** Counted from 1; 0 when nothing was found. */
    position: computed(() => (matches.value.length === 0 ? 0 : Math.min(position.value, matches.value.length - 1) + 1)),
    currentKey,
    next: () => step(1),
    previous: () => step(-1),
  }
}
