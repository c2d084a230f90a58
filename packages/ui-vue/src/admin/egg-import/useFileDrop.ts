import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'

/** Files that are dragged over the window and dropped anywhere in it, for as long as the calling scope lives. */
export function useFileDrop(
  onFiles: (files: readonly File[]) => void,
  target: Window = window,
): { readonly isOver: Readonly<ShallowRef<boolean>> } {
  const isOver = shallowRef(false)
  // Every element under the pointer reports that it was entered and left.
  let depth = 0
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false

  function enter(event: DragEvent): void {
    if (!hasFiles(event)) return
    depth += 1
    isOver.value = true
  }
  function leave(event: DragEvent): void {
    if (!hasFiles(event)) return
    depth = Math.max(0, depth - 1)
    isOver.value = depth > 0
  }
  function over(event: DragEvent): void {
    if (hasFiles(event)) event.preventDefault()
  }
  function drop(event: DragEvent): void {
    if (!hasFiles(event)) return
    event.preventDefault()
    depth = 0
    isOver.value = false
    const files = [...(event.dataTransfer?.files ?? [])]
    if (files.length > 0) onFiles(files)
  }

  const listeners = { dragenter: enter, dragleave: leave, dragover: over, drop } as const
  for (const [type, listener] of Object.entries(listeners)) target.addEventListener(type, listener as EventListener)
  onScopeDispose(() => {
    for (const [type, listener] of Object.entries(listeners)) {
      target.removeEventListener(type, listener as EventListener)
    }
  })
  return { isOver }
}
