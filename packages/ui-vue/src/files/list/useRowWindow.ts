import { computed, onMounted, onScopeDispose, shallowRef, watch, type Ref } from 'vue'

const OVERSCAN = 8

/** Which of many rows of the same height are in sight of a scrolling element. */
export function useRowWindow(options: {
  readonly scroller: Readonly<Ref<HTMLElement | null>>
  readonly rows: () => number
  /** Height of a row in CSS pixels. */
  readonly rowHeight: number
  /** Height of what stays at the top over the rows. */
  readonly headerHeight: number
}) {
  const { scroller, rows, rowHeight, headerHeight } = options
  const top = shallowRef(0)
  const height = shallowRef(600)
  const range = computed(() => ({
    first: Math.max(0, Math.min(rows() - 1, Math.floor(top.value / rowHeight) - OVERSCAN)),
    last: Math.max(0, Math.min(rows() - 1, Math.ceil((top.value + height.value) / rowHeight) + OVERSCAN)),
  }))
  const visible = computed(() =>
    rows() === 0
      ? []
      : Array.from({ length: range.value.last - range.value.first + 1 }, (_, index) => range.value.first + index),
  )

  /** Brings a row into sight with as little movement as possible. */
  function reveal(row: number): void {
    const element = scroller.value
    if (!element) return
    const from = row * rowHeight
    if (from < element.scrollTop) element.scrollTop = from
    else if (from + rowHeight + headerHeight > element.scrollTop + element.clientHeight) {
      element.scrollTop = from + rowHeight + headerHeight - element.clientHeight
    }
    top.value = element.scrollTop
  }

  const measure = (): void => {
    if (scroller.value?.clientHeight) height.value = scroller.value.clientHeight
  }
  let observer: ResizeObserver | undefined
  onMounted(() => {
    observer = new ResizeObserver(measure)
    watch(
      scroller,
      (element) => {
        observer?.disconnect()
        if (element) observer?.observe(element)
        measure()
      },
      { immediate: true },
    )
  })
  onScopeDispose(() => observer?.disconnect())

  return {
    range,
    visible,
    reveal,
    /** Rows that fit into the element. */
    perPage: computed(() => Math.max(1, Math.floor((height.value - headerHeight) / rowHeight) - 1)),
    onScroll: (): void => void (top.value = scroller.value?.scrollTop ?? 0),
    toTop(): void {
      if (scroller.value) scroller.value.scrollTop = 0
      top.value = 0
    },
  }
}
