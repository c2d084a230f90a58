import type { Operation } from '@hatchery/core/sdk'
import { useI18n } from 'vue-i18n'
import { useFormat } from '../i18n/useFormat.ts'

/** Jobs and phases in words; names that are not known yet are shown as they are. */
export function useOperationText() {
  const { t, te } = useI18n()
  const format = useFormat()
  const word = (group: string, name: string): string =>
    te(`shell.${group}.${name}`) || te(`shell.${group}.${name}`, 'en') ? t(`shell.${group}.${name}`) : name

  function amount({ progress }: Operation): string {
    if (!progress) return ''
    const say = (value: number): string => (progress.unit === 'bytes' ? format.bytes(value) : format.number(value))
    if (!progress.total) return progress.current > 0 ? say(progress.current) : ''
    const percent = format.percent((progress.current / progress.total) * 100)
    return `${percent} (${t('shell.ofTotal', { current: say(progress.current), total: say(progress.total) })})`
  }

  return {
    kind: (operation: Operation): string => word('operation', operation.kind.replace(/[.-]/g, '_')),
    phase: (operation: Operation): string =>
      [
        word(
          operation.status === 'running' ? 'phase' : 'status',
          operation.status === 'running' ? operation.phase : operation.status,
        ),
        amount(operation),
        operation.progress?.detail,
      ]
        .filter(Boolean)
        .join(' · '),
  }
}
