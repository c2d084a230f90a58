/* Sets theme, direction and language before the first paint; a file of its own, so that no inline script is needed. */
;(function () {
  var root = document.documentElement
  var theme = 'system'
  var language = ''
  try {
    theme = localStorage.getItem('hatchery:theme') || 'system'
    language = localStorage.getItem('hatchery:language') || ''
  } catch (_) {
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
})()
