import type { EggUpdatePreview, EggUpdated } from '@hatchery/core/sdk'
import { useQueryClient } from '@tanstack/vue-query'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'

/** Where the new version is; an empty object is where the egg came from. */
export interface UpdateSource {
  readonly text?: string
  readonly fileName?: string
  readonly url?: string
  readonly repository?: string
  readonly path?: string
}

/** The two steps of an update: look, then apply exactly what was seen. */
export function useEggUpdate() {
  const { client } = usePanel()
  const queries = useQueryClient()
  return {
    check: (egg: string, source: UpdateSource): Promise<EggUpdatePreview> =>
      client.checkEggUpdate({ params: { egg }, body: source }),
    apply: (egg: string, source: UpdateSource, hash: string): Promise<EggUpdated> =>
      client.updateEgg({ params: { egg }, body: { ...source, hash } }),
    /** Shows the new version wherever the egg is shown. */
    reload: async (): Promise<void> => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: queryKeys.eggs }),
        queries.invalidateQueries({ queryKey: queryKeys.eggRepositories }),
      ])
    },
  }
}
