import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { readEggText, type ReadEgg } from './read-egg-text.ts'

/** The whole egg as its file says it, with scripts, replacements and findings. Read in the browser. */
export function useEggFile(id: MaybeRefOrGetter<string>) {
  const { client } = usePanel()
  return useQuery({
    queryKey: computed(() => queryKeys.eggFile(toValue(id))),
    queryFn: async ({ signal }): Promise<ReadEgg> => {
      const { text, fileName } = await client.getEggSource({ params: { egg: toValue(id) }, signal })
      return readEggText(text, fileName)
    },
  })
}
