import { useI18n } from 'vue-i18n'
import { usePanel } from '../../api/panel.ts'
import { useServer } from '../../server/server-context.ts'
import { useConfirm } from '../../shell/confirm.ts'
import { useAction } from '../../shell/useAction.ts'
import { nameOf, pathToQuery, shownName } from '../file-path.ts'

/** Gives up what a file was, after a question: there is no way back. */
export function useForget(done: () => void) {
  const { t } = useI18n()
  const { client } = usePanel()
  const confirm = useConfirm()
  const server = useServer()
  const forget = useAction(
    (path: string) => client.forgetFileHistory({ params: { server: server.value.id }, query: pathToQuery(path) }),
    { done: () => t('fileHistory.forgotten'), onSuccess: done },
  )
  return {
    isPending: forget.isPending,
    async ask(path: string): Promise<void> {
      const sure = await confirm.ask({
        title: t('fileHistory.forgetTitle', { name: shownName(nameOf(path)) }),
        text: t('fileHistory.forgetText'),
        action: t('fileHistory.forget'),
      })
      if (sure) forget.mutate(path)
    },
  }
}
