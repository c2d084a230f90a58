import { defineStore } from 'pinia'
import { computed, shallowRef, watchEffect } from 'vue'

export const THEMES = ['system', 'light', 'dark', 'contrast'] as const
export type Theme = (typeof THEMES)[number]
const STORAGE_KEY = 'hatchery:theme'

/** The look of this device. `public/theme.js` applies it before the first paint; this store changes it afterwards. */
export const useTheme = defineStore('theme', () => {
  const theme = shallowRef<Theme>(read())
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const contrast = matchMedia('(prefers-contrast: more)')
  const system = shallowRef(systemTheme())
  for (const query of [dark, contrast]) query.addEventListener('change', () => (system.value = systemTheme()))

  function systemTheme(): Theme {
    return contrast.matches ? 'contrast' : dark.matches ? 'dark' : 'light'
  }

  const shown = computed(() => (theme.value === 'system' ? system.value : theme.value))
  watchEffect(() => {
    document.documentElement.dataset['theme'] = shown.value
  })

  function choose(next: Theme): void {
    theme.value = next
    try {
      localStorage.setItem(STORAGE_KEY, next)
    } catch (error) {
      console.warn('The theme could not be remembered.', error)
    }
  }

  return { theme, shown, choose }
})

function read(): Theme {
  try {
    const stored = localStorage.getItem(STORAGE_KEY)
    return THEMES.find((theme) => theme === stored) ?? 'system'
  } catch (error) {
    console.warn('The remembered theme could not be read.', error)
    return 'system'
  }
}
