import type { Account } from '@hatchery/core/sdk'
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useRouter } from 'vue-router'
import { usePanel } from '../api/panel.ts'
import { queryKeys } from '../api/query-keys.ts'

/** Who is signed in, and what they may administer. */
export function useSession() {
  const { client, live } = usePanel()
  const queries = useQueryClient()
  const router = useRouter()
  const { data: account } = useQuery({
    queryKey: queryKeys.account,
    queryFn: ({ signal }) => client.getAccount({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

  const displayName = computed(() => {
    const { firstName = '', lastName = '', username = '' } = account.value ?? {}
    return `${firstName} ${lastName}`.trim() || username
  })

  function may(permission: string): boolean {
    const own = account.value?.adminPermissions ?? []
    return own.includes('*') || own.includes(permission)
  }

  async function signOut(): Promise<void> {
    await client.signOut()
    live.close()
    await router.push({ name: 'sign-in' })
    queries.clear()
  }

  return {
    account,
    displayName,
    isAdmin: computed(() => account.value?.isAdmin ?? false),
    may,
    signOut,
    setAccount: (next: Account) => queries.setQueryData(queryKeys.account, next),
  }
}
