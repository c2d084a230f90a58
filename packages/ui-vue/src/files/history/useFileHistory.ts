import type { FileRevision } from '@hatchery/core/sdk'
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { useAction } from '../../shell/useAction.ts'
import { pathToQuery } from '../file-path.ts'

/** What a file was, loaded while somebody looks at it, and the way back to it. */
export function useFileHistory(server: () => string, path: () => string, isOpen: Readonly<Ref<boolean>>) {
  const { t } = useI18n()
  const { client } = usePanel()
  const queries = useQueryClient()
  const params = () => ({ server: server() })
  const key = () => [...queryKeys.files(server()), 'history', path()]
  const list = useQuery({
    queryKey: computed(key),
    queryFn: ({ signal }) => client.listFileHistory({ params: params(), query: pathToQuery(path()), signal }),
    enabled: isOpen,
  })
  const revisions = computed<readonly FileRevision[]>(() => list.data.value?.data ?? [])
  const chosenId = shallowRef<string>()
  const chosen = computed(() => revisions.value.find(({ id }) => id === chosenId.value) ?? revisions.value[0])
  const content = useQuery({
    queryKey: computed(() => ['file-revision', server(), chosen.value?.id]),
    queryFn: async ({ signal }) => {
      const query = { revision: chosen.value?.id ?? '' }
      return (await client.readFileRevision({ params: params(), query, signal })).text()
    },
    enabled: () => isOpen.value && typeof chosen.value?.sha256 === 'string',
    // What a file was never changes.
    staleTime: Number.POSITIVE_INFINITY,
  })
  const restore = useAction(
    ({ revision, ifMatch }: { revision: string; ifMatch: number | undefined }) =>
      client.restoreFileRevision({ params: params(), body: { revision }, ifMatch }),
    {
      done: () => t('fileHistory.restored'),
      onSuccess: () => void queries.invalidateQueries({ queryKey: queryKeys.files(server()) }),
    },
  )
  return { list, revisions, chosen, content, restore, choose: (id: string) => (chosenId.value = id) }
}
