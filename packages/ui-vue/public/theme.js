/* Sets theme, direction and language before the first paint; a file of its own, so that no inline script is needed. */
;(function () {
  var root = document.documentElement
  var theme = 'system'
  var language = ''
  try {
    theme = localStorage.getItem('hatchery:theme') || 'system'
    language = localStorage.getItem('hatchery:language') || ''
  } catch {
    /* Storage is blocked: the system's theme and language are used. */
  }
  if (theme === 'system') {
    theme = matchMedia('(prefers-contrast: more)').matches
      ? 'contrast'
      : matchMedia('(prefers-color-scheme: dark)').matches
        ? 'dark'
        : 'light'
  }
  root.dataset.theme = theme
  if (language) root.lang = language
  /* A file of the app that was lost on the way (the network changed) leaves an empty page: load it again, not for ever. */
  addEventListener(
    'error',
    function (event) {
      if (!event.target || !/^(SCRIPT|LINK)$/.test(event.target.nodeName)) return
      try {
        if (Date.now() - Number(sessionStorage.getItem('hatchery:reloaded-at') || 0) < 10000) return
        sessionStorage.setItem('hatchery:reloaded-at', String(Date.now()))
      } catch {
        return /* Without storage nobody could tell how often it has been tried. */
      }
      location.reload()
    },
    true,
  )
})()
