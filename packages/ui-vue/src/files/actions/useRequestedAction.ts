import { nextTick, onMounted, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

const ACTIONS = ['file', 'directory', 'symlink', 'pull', 'upload'] as const
export type RequestedAction = (typeof ACTIONS)[number]

/** Begins what another page asked this one for, such as the palette with "new file"; going back does not ask again. */
export function useRequestedAction(begin: (action: RequestedAction) => unknown): void {
  const route = useRoute()
  const router = useRouter()

  async function check(): Promise<void> {
    const { do: wanted, ...query } = route.query
    const action = ACTIONS.find((one) => one === wanted)
    if (!action) return
    await nextTick()
    begin(action)
    await router.replace({ query })
  }
  onMounted(check)
  watch(() => route.query['do'], check)
}
