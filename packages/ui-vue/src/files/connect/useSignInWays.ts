import { useQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef, type Ref } from 'vue'
import { sshQueryKeys } from '../../account/ssh/query-keys.ts'
import { usePanel } from '../../api/panel.ts'

/** Whether the person has neither a key nor an app password, as soon as both are known; asked while `isOpen`. */
export function useSignInWays(isOpen: Ref<boolean>): ComputedRef<boolean> {
  const { client } = usePanel()
  const query = { limit: 1 } as const
  const keys = useQuery({
    queryKey: [...sshQueryKeys.keys, 'any'],
    queryFn: ({ signal }) => client.listSshKeys({ query, signal }),
    enabled: isOpen,
  })
  const passwords = useQuery({
    queryKey: [...sshQueryKeys.passwords, 'any'],
    queryFn: ({ signal }) => client.listAppPasswords({ query, signal }),
    enabled: isOpen,
  })
  return computed(() => keys.data.value?.data.length === 0 && passwords.data.value?.data.length === 0)
}
