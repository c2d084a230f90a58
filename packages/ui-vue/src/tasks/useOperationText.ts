import type { Operation } from '@hatchery/core/sdk'
import { useI18n } from 'vue-i18n'
import { useFormat } from '../i18n/useFormat.ts'

/** Jobs and phases in words; names that are not known yet are shown as they are. */
export function useOperationText() {
  const { t, te } = useI18n()
  const format = useFormat()
  const has = (key: string): boolean => te(key) || te(key, 'en')
  const word = (group: string, name: string): string =>
    has(`shell.${group}.${name}`) ? t(`shell.${group}.${name}`) : name
  const kindKey = ({ kind }: Operation): string => kind.replace(/[.-]/g, '_')

  /** The same phase may mean something else in another kind of job. */
  function phaseWord(operation: Operation): string {
    const own = `${kindKey(operation)}_${operation.phase}`
    return word('phase', has(`shell.phase.${own}`) ? own : operation.phase)
  }

  function amount({ progress }: Operation): string {
    if (!progress) return ''
    const say = (value: number): string => (progress.unit === 'bytes' ? format.bytes(value) : format.number(value))
    if (!progress.total) return progress.current > 0 ? say(progress.current) : ''
    const percent = format.percent((progress.current / progress.total) * 100)
    return `${percent} (${t('shell.ofTotal', { current: say(progress.current), total: say(progress.total) })})`
  }

  return {
    kind: (operation: Operation): string => word('operation', kindKey(operation)),
    phase: (operation: Operation): string =>
      [
        operation.status === 'running' ? phaseWord(operation) : word('status', operation.status),
        amount(operation),
        operation.progress?.detail,
      ]
        .filter(Boolean)
        .join(' · '),
  }
}
