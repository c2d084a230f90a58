import type { PowerAction } from '@hatchery/core/sdk'
import { useI18n } from 'vue-i18n'
import { usePanel } from '../api/panel.ts'
import { useConfirm } from '../shell/confirm.ts'
import { useAction } from '../shell/useAction.ts'

/** Starts, stops, restarts and kills; asks before it kills. */
export function usePower() {
  const { client } = usePanel()
  const { t } = useI18n()
  const confirm = useConfirm()
  const action = useAction(({ server, power }: { server: { id: string; name: string }; power: PowerAction }) =>
    client.powerServer({ params: { server: server.id }, body: { action: power } }),
  )

  async function power(server: { readonly id: string; readonly name: string }, next: PowerAction): Promise<void> {
    if (next === 'kill') {
      const sure = await confirm.ask({
        title: t('servers.killTitle', { name: server.name }),
        text: t('servers.killText'),
        action: t('servers.killAction'),
      })
      if (!sure) return
    }
    action.mutate({ server, power: next })
  }

  return { power, isPending: action.isPending, pendingAction: action.variables }
}
