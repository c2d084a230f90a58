import { useMutation, type UseMutationReturnType } from '@tanstack/vue-query'
import { useErrorText } from '../api/useErrorText.ts'
import { useToasts } from './toasts.ts'

interface ActionOptions<A, R> {
  /** Said when it worked. */
  readonly done?: string | (() => string)
  readonly onSuccess?: (result: R, argument: A) => unknown
  /** The caller shows the error itself, for example beside the field. */
  readonly quiet?: boolean
}

/** A change on the server, with its answer told to the person. */
export function useAction<A, R>(
  run: (argument: A) => Promise<R>,
  options: ActionOptions<A, R> = {},
): UseMutationReturnType<R, unknown, A, unknown> {
  const toasts = useToasts()
  const errorText = useErrorText()
  return useMutation<R, unknown, A>({
    mutationFn: run,
    async onSuccess(result, argument) {
      if (options.done)
        toasts.show({ tone: 'ok', title: typeof options.done === 'string' ? options.done : options.done() })
      await options.onSuccess?.(result, argument)
    },
    onError(error) {
      if (options.quiet) return
      const { message, code, requestId } = errorText(error)
      const details = [message, `code: ${code}`, requestId ? `request: ${requestId}` : '', new Date().toISOString()]
      toasts.show({ tone: 'danger', title: message, details: details.filter(Boolean).join('\n') })
    },
  })
}
