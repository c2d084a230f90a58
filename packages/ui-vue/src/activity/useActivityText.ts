import type { ActivityEvent } from '@hatchery/core/sdk'
import { useI18n } from 'vue-i18n'

/** An event as the end of a sentence that begins with who did it; types that are not known yet are shown as they are. */
export function useActivityText(): (event: ActivityEvent) => string {
  const { t, te } = useI18n()
  return ({ type }) => {
    const key = `admin.activity.types.${type.replace(/[:.-]/g, '_')}`
    return te(key) || te(key, 'en') ? t(key) : type
  }
}
