import { HatcheryError } from '@hatchery/core/sdk'
import { useI18n } from 'vue-i18n'

export interface ErrorText {
  /** What happened and what to do next. */
  readonly message: string
  readonly code: string
  readonly requestId: string | undefined
}

/** Says an error in the language of the page; the server's own sentence where there is no translation. */
export function useErrorText(): (error: unknown) => ErrorText {
  const { t, te, locale } = useI18n()
  return (error) => {
    if (!(error instanceof HatcheryError)) {
      return {
        message: t('shell.unexpectedError', { message: describe(error) }),
        code: 'UNEXPECTED',
        requestId: undefined,
      }
    }
    const key = `errors.${error.code}`
    const message = te(key, locale.value) ? t(key, { ...error.details }) : error.message
    return { message, code: error.code, requestId: error.requestId }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
