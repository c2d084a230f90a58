import { useI18n } from 'vue-i18n'

const UNITS = [
  ['week', 10_080],
  ['day', 1440],
  ['hour', 60],
  ['minute', 1],
] as const

/** "every 6 hours": minutes in the largest unit that they fill; null and 0 are only when asked. */
export function useIntervalText(): (minutes: number | null) => string {
  const { t } = useI18n()
  return (minutes) => {
    if (!minutes) return t('eggs.repo.never')
    const [unit, size] = UNITS.find(([, length]) => minutes % length === 0) ?? ['minute', 1]
    return t(`eggs.repo.interval.${unit}`, minutes / size)
  }
}
