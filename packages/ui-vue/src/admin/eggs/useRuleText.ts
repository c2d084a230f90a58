import type { VariableInput } from '@hatchery/core/sdk'
import { useI18n } from 'vue-i18n'
import { useFormat } from '../../i18n/useFormat.ts'

/** What the rules of a variable ask for, in words: "Required · whole number · 1 to 500". */
export function useRuleText(): (input: VariableInput) => string {
  const { t } = useI18n()
  const format = useFormat()

  function range(key: 'value' | 'length', least: number | undefined, most: number | undefined): string {
    const [minimum, maximum] = [least, most].map((bound) => (bound === undefined ? '' : format.number(bound)))
    if (least !== undefined && most !== undefined) {
      return least === most
        ? t(`eggs.rule.${key}.exactly`, { minimum })
        : t(`eggs.rule.${key}.between`, { minimum, maximum })
    }
    if (least !== undefined) return t(`eggs.rule.${key}.atLeast`, { minimum })
    return most === undefined ? '' : t(`eggs.rule.${key}.atMost`, { maximum })
  }

  function kind(input: VariableInput): string {
    if (input.kind === 'switch') {
      const [off = '0', on = '1'] = input.values ?? []
      return t('eggs.rule.switch', { off, on })
    }
    if (input.options) return t('eggs.rule.options', { options: input.options.join(', ') })
    if (input.kind === 'number') return t(input.integer ? 'eggs.rule.integer' : 'eggs.rule.number')
    return t(input.kind === 'secret' ? 'eggs.rule.secret' : 'eggs.rule.text')
  }

  return (input) =>
    [
      t(input.required ? 'eggs.rule.required' : 'eggs.rule.optional'),
      kind(input),
      range('value', input.minimum, input.maximum),
      range('length', input.minLength, input.maxLength),
      input.pattern === undefined ? '' : t('eggs.rule.pattern'),
    ]
      .filter(Boolean)
      .join(' · ')
}
