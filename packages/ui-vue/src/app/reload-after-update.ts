const STORAGE_KEY = 'hatchery:reloaded-at'
const PAUSE_MS = 30_000

/** After an update of the panel, a page that is still open asks for files that are gone: it loads itself again, once. */
export function reloadAfterUpdate(): void {
  window.addEventListener('vite:preloadError', (event) => {
    const last = Number(sessionStorage.getItem(STORAGE_KEY) ?? 0)
    if (Date.now() - last < PAUSE_MS) return
    event.preventDefault()
    sessionStorage.setItem(STORAGE_KEY, String(Date.now()))
    window.location.reload()
  })
}
