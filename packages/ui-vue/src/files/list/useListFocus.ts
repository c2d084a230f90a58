import { watch, type Ref } from 'vue'

/** Keeps the keyboard in the list when another directory is gone to: its list is a new one. */
export function useListFocus(
  path: Readonly<Ref<string>>,
  list: Readonly<Ref<{ focus(): void; toTop(): void } | null>>,
): void {
  let hasMoved = false
  watch(path, () => {
    hasMoved = true
    list.value?.toTop()
  })
  watch(list, (next) => hasMoved && next?.focus(), { flush: 'post' })
}
