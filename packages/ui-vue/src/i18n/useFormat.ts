import { computed } from 'vue'
import { useI18n } from 'vue-i18n'

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** Numbers, sizes and times in the language of the page. */
export function useFormat() {
  const { locale } = useI18n()
  const relative = computed(() => new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' }))
  const dateTimeFormat = computed(
    () => new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'short' }),
  )
  const number = (value: number, digits = 0): string =>
    new Intl.NumberFormat(locale.value, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value)

  function bytes(value: number): string {
    let unit = 0
    let rest = value
    while (rest >= 1024 && unit < BINARY_UNITS.length - 1) {
      rest /= 1024
      unit += 1
    }
    return `${number(rest, unit === 0 || rest >= 100 ? 0 : 1)} ${BINARY_UNITS[unit]}`
  }

  function ago(at: number, now = Date.now()): string {
    const seconds = Math.round((at - now) / 1000)
    const steps = [
      ['year', 31_536_000],
      ['month', 2_592_000],
      ['day', 86_400],
      ['hour', 3600],
      ['minute', 60],
    ] as const
    for (const [unit, size] of steps) {
      if (Math.abs(seconds) >= size) return relative.value.format(Math.trunc(seconds / size), unit)
    }
    return relative.value.format(seconds, 'second')
  }

  /** `3 d 4 h`, `12 min 5 s`: the two largest units. */
  function duration(milliseconds: number): string {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000))
    const parts: [number, string][] = [
      [Math.floor(seconds / 86_400), 'day'],
      [Math.floor(seconds / 3600) % 24, 'hour'],
      [Math.floor(seconds / 60) % 60, 'minute'],
      [seconds % 60, 'second'],
    ]
    const first = parts.findIndex(([value]) => value > 0)
    const shown = first === -1 ? parts.slice(-1) : parts.slice(first, first + 2)
    return shown
      .map(([value, unit]) =>
        new Intl.NumberFormat(locale.value, { style: 'unit', unit, unitDisplay: 'narrow' }).format(value),
      )
      .join(' ')
  }

  return {
    number,
    bytes,
    mebibytes: (value: number): string => bytes(value * 1_048_576),
    percent: (value: number, digits = 0): string => `${number(value, digits)} %`,
    dateTime: (at: number): string => dateTimeFormat.value.format(at),
    ago,
    duration,
  }
}
