import { onScopeDispose } from 'vue'
import { useRouter } from 'vue-router'

/** Asks before changes are lost: by another page or file of the app, and by closing the tab. */
export function useLeaveGuard(isDirty: () => boolean, ask: () => Promise<boolean>): void {
  const stopGuarding = useRouter().beforeEach(() => (isDirty() ? ask() : true))
  const warn = (event: BeforeUnloadEvent): void => {
    if (isDirty()) event.preventDefault()
  }
  window.addEventListener('beforeunload', warn)
  onScopeDispose(() => {
    stopGuarding()
    window.removeEventListener('beforeunload', warn)
  })
}
