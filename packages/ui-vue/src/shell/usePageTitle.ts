import { watchEffect } from 'vue'

/** Names the page in the browser's title: "Console · Survival · Hatchery". Empty parts are left out. */
export function usePageTitle(parts: () => readonly (string | undefined)[]): void {
  watchEffect(() => {
    document.title = [...parts(), 'Hatchery'].filter(Boolean).join(' · ')
  })
}
