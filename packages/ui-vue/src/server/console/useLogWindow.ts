import { computed, nextTick, onMounted, onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import type { LogEntry } from './console-buffer.ts'
import { LogLayout } from './log-layout.ts'

/** Height of a row, in CSS pixels. */
export const ROW = 20
const OVERSCAN = 12
const STAMP_COLUMNS = 10
const PADDING = 24

export interface LogWindowOptions {
  readonly entries: () => readonly LogEntry[]
  readonly isWrapped: () => boolean
  readonly hasStamps: () => boolean
  /** An entry that is to be brought into sight. */
  readonly currentKey: () => number | undefined
  /** The newest line is in sight and stays there. */
  readonly isAtEnd: Ref<boolean>
  readonly scroller: Readonly<Ref<HTMLElement | null>>
  /** Holds a hundred characters of the log's own font. */
  readonly ruler: Readonly<Ref<HTMLElement | null>>
}

/** Which part of a log is in the page: its rows are measured and laid out by number, so that only those in sight are made. */
export function useLogWindow(options: LogWindowOptions) {
  const { entries, isWrapped, hasStamps, currentKey, isAtEnd, scroller, ruler } = options
  const layout = new LogLayout()
  const rows = shallowRef(0)
  const scrollTop = shallowRef(0)
  const height = shallowRef(600)
  const columns = shallowRef(Number.POSITIVE_INFINITY)
  const background = shallowRef('#000000')
  let lastTop = 0

  const range = computed(() => {
    // `rows` is read so that a new layout makes a new range.
    if (rows.value === 0) return { first: 0, last: 0, offset: 0 }
    const first = layout.indexAt(Math.max(0, Math.floor(scrollTop.value / ROW) - OVERSCAN))
    const last = layout.indexAt(Math.ceil((scrollTop.value + height.value) / ROW) + OVERSCAN) + 1
    return { first, last, offset: layout.top(first) * ROW }
  })
  const visible = computed(() => entries().slice(range.value.first, range.value.last))

  function measure(): void {
    const element = scroller.value
    if (!element) return
    height.value = element.clientHeight
    background.value = toHex(getComputedStyle(element).backgroundColor)
    const width = (ruler.value?.getBoundingClientRect().width ?? 800) / 100
    const room = element.clientWidth - PADDING - (hasStamps() ? STAMP_COLUMNS * width : 0)
    columns.value = isWrapped() ? Math.max(10, Math.floor(room / width)) : Number.POSITIVE_INFINITY
  }

  function toEnd(): void {
    const element = scroller.value
    if (!element) return
    element.scrollTop = element.scrollHeight
    lastTop = element.scrollTop
    scrollTop.value = element.scrollTop
  }

  function onScroll(): void {
    const element = scroller.value
    if (!element) return
    const isUpward = element.scrollTop < lastTop - 1
    lastTop = element.scrollTop
    scrollTop.value = element.scrollTop
    const distance = element.scrollHeight - element.scrollTop - element.clientHeight
    if (isUpward && distance > ROW) isAtEnd.value = false
    else if (distance <= ROW) isAtEnd.value = true
  }

  watch(
    [entries, columns],
    async () => {
      const gone = layout.update(entries(), columns.value)
      rows.value = layout.rows
      await nextTick()
      const element = scroller.value
      if (!element) return
      if (isAtEnd.value) toEnd()
      else if (gone > 0) element.scrollTop -= gone * ROW
    },
    { immediate: true },
  )
  watch([isWrapped, hasStamps], measure)
  watch(isAtEnd, (atEnd) => atEnd && toEnd())
  watch(currentKey, (key) => {
    const first = entries()[0]
    if (key === undefined || !first || !scroller.value) return
    isAtEnd.value = false
    scroller.value.scrollTop = layout.top(key - first.key) * ROW - height.value / 2
  })

  let observer: ResizeObserver | undefined
  let themes: MutationObserver | undefined
  onMounted(() => {
    measure()
    observer = new ResizeObserver(() => {
      measure()
      if (isAtEnd.value) toEnd()
    })
    if (scroller.value) observer.observe(scroller.value)
    themes = new MutationObserver(measure)
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  })
  onScopeDispose(() => {
    observer?.disconnect()
    themes?.disconnect()
  })

  return { range, visible, rows, background, onScroll }
}

function toHex(color: string): string {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(Number)
  return `#${[red, green, blue].map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`
}
