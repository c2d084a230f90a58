import { useQueryClient } from '@tanstack/vue-query'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { useAction } from '../../shell/useAction.ts'
import { useNests } from '../eggs/useNests.ts'

/** Installs eggs of a repository into a nest; the job shows its progress wherever the repository is shown. */
export function useInstall(repository: MaybeRefOrGetter<string>, onStarted: (operation: string) => void) {
  const { t } = useI18n()
  const { client } = usePanel()
  const queries = useQueryClient()
  const { nests } = useNests()
  const install = useAction(
    async ({ eggs, nest }: { readonly eggs: readonly string[]; readonly nest: string }) => {
      const target =
        nest || nests.value[0]?.id || (await client.createNest({ body: { name: t('admin.nests.first') } })).id
      return client.installRepositoryEggs({
        params: { repository: toValue(repository) },
        body: { nest: target, eggs: [...eggs] },
      })
    },
    {
      quiet: true,
      onSuccess: ({ operation }) => {
        onStarted(operation)
        return queries.invalidateQueries({ queryKey: queryKeys.eggRepositories })
      },
    },
  )
  return { install, nests }
}
