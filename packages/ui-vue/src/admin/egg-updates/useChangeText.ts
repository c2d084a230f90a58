import type { EggChange } from '@hatchery/core/sdk'
import { useI18n } from 'vue-i18n'

const REPLACEMENT = /^\/config\/files\/\d+\/replace\/\d+/

/** What a change is about, in the language of the page. */
export function useChangeText() {
  const { t, te } = useI18n()
  const part = ({ pointer }: EggChange): string => {
    const key = `eggs.part.${pointer.split('/').at(-1) ?? ''}`
    return te(key) || te(key, 'en') ? t(key) : ''
  }
  return {
    title: (change: EggChange): string =>
      [change.subject, part(change)].filter(Boolean).join(' · ') || t(`eggs.area.${change.area}`),
    /** Which value of a file it is stands in the sentence of the panel only. */
    detail: ({ pointer, message }: EggChange): string => (REPLACEMENT.test(pointer) ? message : ''),
  }
}
