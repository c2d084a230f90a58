import type { ActivityEvent } from '@hatchery/core/sdk'
import { useI18n } from 'vue-i18n'

const ENDED = /^server:(.+)\.(succeeded|failed|cancelled|unknown)$/

/** An event as the end of a sentence that begins with who did it; types that are not known yet are shown as they are. */
export function useActivityText(): (event: ActivityEvent) => string {
  const { t, te } = useI18n()
  const has = (key: string): boolean => te(key) || te(key, 'en')
  const key = (type: string): string => type.replace(/[:.-]/g, '_')
  return ({ type }) => {
    const known = `admin.activity.types.${key(type)}`
    if (has(known)) return t(known)
    const [, kind = '', status = ''] = ENDED.exec(type) ?? []
    const operation = `shell.operation.${key(kind)}`
    return kind !== '' && has(operation) ? `${t(operation)}: ${t(`shell.status.${status}`)}` : type
  }
}
