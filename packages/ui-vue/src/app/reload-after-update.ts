const STORAGE_KEY = 'hatchery:reloaded-at'
const PAUSE_MS = 10_000

/**
 * After an update of the panel, a page that is still open asks for files that are gone; and a network that changes at the
 * wrong moment loses a file. The page loads itself again, but not for ever.
 */
export function reloadAfterUpdate(): void {
  window.addEventListener('vite:preloadError', (event) => {
    const last = Number(sessionStorage.getItem(STORAGE_KEY) ?? 0)
    if (Date.now() - last < PAUSE_MS) return
    event.preventDefault()
    sessionStorage.setItem(STORAGE_KEY, String(Date.now()))
    window.location.reload()
  })
}
