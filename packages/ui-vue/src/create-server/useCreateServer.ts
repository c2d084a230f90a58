import type { Server } from '@hatchery/core/sdk'
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, nextTick, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { fieldErrors } from '../api/field-errors.ts'
import { usePanel } from '../api/panel.ts'
import { queryKeys } from '../api/query-keys.ts'
import { useSession } from '../session/useSession.ts'
import { useAction } from '../shell/useAction.ts'
import { useServerDraft } from './useServerDraft.ts'

/**
 * The page that creates a server, or adopts one that a node keeps: what can be chosen, what is wrong, and the sending.
 * The address may say the egg (`egg`), or the orphan (`node`, `adopt`, `name`).
 */
export function useCreateServer() {
  const { t } = useI18n()
  const { client } = usePanel()
  const queries = useQueryClient()
  const router = useRouter()
  const { account } = useSession()
  const draft = useServerDraft()
  const wasSubmitted = shallowRef(false)
  const { query } = useRoute()
  const asked = (name: string): string => (typeof query[name] === 'string' ? query[name] : '')
  /** Id of the server that is adopted; empty when one is created. */
  const adopted = asked('node') === '' ? '' : asked('adopt')

  draft.eggId.value = asked('egg')
  draft.node.value = asked('node')
  draft.name.value = asked('name')
  watch(account, (self) => (draft.owner.value ??= self), { immediate: true })

  const nodes = useQuery({
    queryKey: queryKeys.nodes,
    queryFn: ({ signal }) => client.listNodes({ query: { limit: 100 }, signal }),
  })

  async function create(): Promise<Server> {
    const body = draft.toBody()
    if (adopted === '') return (await client.createServer({ body })).server
    const { node = '', startWhenInstalled: _start, skipInstallScript: _skip, ...rest } = body
    return client.adoptOrphan({ params: { node, server: adopted }, body: rest })
  }
  const action = useAction(create, {
    quiet: true,
    onSuccess: async (server) => {
      queries.setQueryData(queryKeys.server(server.shortId), server)
      void queries.invalidateQueries({ queryKey: queryKeys.servers })
      await router.push({ name: 'console', params: { server: server.shortId } })
    },
  })
  const errors = computed<Readonly<Record<string, string>>>(() => {
    const local = wasSubmitted.value
      ? Object.entries(draft.problems.value)
          .filter(([, key]) => key !== 'variable')
          .map(([field, key]) => [field, t(`servers.new.${key}`)])
      : []
    return { ...fieldErrors(action.error.value), ...Object.fromEntries(local) }
  })
  const problemCount = computed(() => (wasSubmitted.value ? Object.keys(draft.problems.value).length : 0))

  async function submit(): Promise<void> {
    wasSubmitted.value = true
    if (Object.keys(draft.problems.value).length === 0) return action.mutate(undefined)
    await nextTick()
    document.querySelector<HTMLElement>('#create-server [aria-invalid="true"]')?.focus()
  }

  return {
    draft,
    adopted,
    nodes: computed(() => nodes.data.value?.data),
    isSending: action.isPending,
    error: action.error,
    errors,
    problemCount,
    submit,
  }
}
