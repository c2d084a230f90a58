import type { ConsoleLine } from '@hatchery/core/sdk'
import { computed, onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useLive } from '../../api/useLive.ts'
import { ConsoleBuffer, type LogEntry } from './console-buffer.ts'

export interface UseConsoleLogOptions {
  /** Lines kept in memory. @default 20000 */
  readonly capacity?: number
  /** @default requestAnimationFrame */
  readonly schedule?: (run: () => void) => number
  /** @default cancelAnimationFrame */
  readonly unschedule?: (handle: number) => void
}

interface Held {
  readonly lines: readonly ConsoleLine[]
  readonly skipped: number
}

/** The live console of a server: takes lines as they come, shows them once per frame, and can be paused. */
export function useConsoleLog(server: MaybeRefOrGetter<string | undefined>, options: UseConsoleLogOptions = {}) {
  const {
    capacity = 20_000,
    schedule = (run: () => void) => requestAnimationFrame(run),
    unschedule = (handle: number) => cancelAnimationFrame(handle),
  } = options
  const buffer = new ConsoleBuffer(capacity)
  const entries = shallowRef<readonly LogEntry[]>([])
  const isPaused = shallowRef(false)
  const heldCount = shallowRef(0)
  const isLoaded = shallowRef(false)
  const refusal = shallowRef<string>()
  let waiting: Held[] = []
  let frame: number | undefined

  function flush(): void {
    frame = undefined
    for (const { lines, skipped } of waiting) buffer.push(lines, skipped)
    waiting = []
    heldCount.value = 0
    isLoaded.value = true
    // A copy, so that watchers see a change and a row never changes under a reader.
    entries.value = buffer.entries.slice()
  }

  function request(): void {
    if (isPaused.value || frame !== undefined) return
    frame = schedule(flush)
  }

  function take(lines: readonly ConsoleLine[], skipped: number): void {
    waiting.push({ lines, skipped })
    if (isPaused.value) heldCount.value += lines.length
    dropOldest()
    request()
  }

  /** A pause of hours must not fill the memory: of what waits, only as much as fits into the buffer is kept. */
  function dropOldest(): void {
    let lines = waiting.reduce((sum, held) => sum + held.lines.length, 0)
    while (waiting.length > 1 && lines - (waiting[0]?.lines.length ?? 0) >= capacity) {
      lines -= waiting.shift()?.lines.length ?? 0
    }
  }

  function clear(): void {
    waiting = []
    buffer.clear()
    entries.value = []
    heldCount.value = 0
    isLoaded.value = false
    refusal.value = undefined
  }

  useLive('server-console', server, {
    onEvent: ({ lines, skipped = 0 }) => take(lines, skipped),
    onResync: clear,
    onRevoked: (code) => (refusal.value = code),
  })
  watch(() => toValue(server), clear)
  watch(isPaused, request)
  onScopeDispose(() => frame !== undefined && unschedule(frame))

  return {
    entries,
    /** Lines are taken, but not shown. */
    isPaused,
    /** Lines that wait because of the pause. */
    heldCount,
    /** The first lines have come. */
    isLoaded,
    /** Error code, when the console may not be read. */
    refusal: computed(() => refusal.value),
    /** Empties the view; the log on the server stays. */
    clearView: (): void => {
      entries.value = []
      buffer.clear()
    },
  }
}
