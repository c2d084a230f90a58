import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

export interface Toast {
  readonly id: number
  readonly tone: 'ok' | 'info' | 'danger'
  readonly title: string
  /** What "copy details" puts on the clipboard. */
  readonly details?: string | undefined
  /** What can be done about it at once, such as to take it back. */
  readonly action?: { readonly label: string; readonly run: () => unknown } | undefined
}

const MOST_SHOWN = 4
const SHOWN_MS = 4000
/** Long enough to read what can be done, and to do it. */
const SHOWN_WITH_ACTION_MS = 10_000

/** Short notes at the edge of the page. Good news leaves by itself; errors stay until they are dismissed. */
export const useToasts = defineStore('toasts', () => {
  const toasts = shallowRef<readonly Toast[]>([])
  let lastId = 0

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
  }

  function show(toast: Omit<Toast, 'id'>): void {
    const id = ++lastId
    toasts.value = [...toasts.value, { ...toast, id }].slice(-MOST_SHOWN)
    if (toast.tone !== 'danger') setTimeout(() => dismiss(id), toast.action ? SHOWN_WITH_ACTION_MS : SHOWN_MS)
  }

  return { toasts, show, dismiss }
})
