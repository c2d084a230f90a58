import type { EndpointTypes, Limits } from '@hatchery/core/sdk'
import { useQuery } from '@tanstack/vue-query'
import { computed, ref, shallowRef, watch } from 'vue'
import { usePanel } from '../api/panel.ts'
import { queryKeys } from '../api/query-keys.ts'
import { useDebounced } from '../design/useDebounced.ts'
import { DEFAULT_LIMITS } from '../limits/default-limits.ts'
import { checkVariable } from '../variables/check-variable.ts'

type CreateBody = EndpointTypes['createServer']['body']

interface Person {
  readonly id: string
  readonly username: string
  readonly email: string
}

/** The server that is being put together, the egg it is made from, and where it would go. */
export function useServerDraft() {
  const { client } = usePanel()
  const eggId = shallowRef('')
  const name = shallowRef('')
  const description = shallowRef('')
  const owner = shallowRef<Person>()
  const limits = shallowRef<Limits>(DEFAULT_LIMITS)
  const image = shallowRef('')
  const node = shallowRef('')
  const allocation = shallowRef('')
  const startWhenInstalled = shallowRef(true)
  const skipInstallScript = shallowRef(false)
  const values = ref<Record<string, string>>({})

  const egg = useQuery({
    queryKey: computed(() => queryKeys.egg(eggId.value)),
    queryFn: ({ signal }) => client.getEgg({ params: { egg: eggId.value }, signal }),
    enabled: computed(() => eggId.value !== ''),
  })
  watch(egg.data, (next) => {
    values.value = Object.fromEntries(
      (next?.variables ?? []).map(({ envVariable, defaultValue }) => [envVariable, defaultValue]),
    )
    image.value = next?.images[0]?.value ?? ''
  })
  watch(node, () => (allocation.value = ''))

  const wanted = computed(() => ({
    egg: eggId.value,
    limits: limits.value,
    ...(node.value ? { node: node.value } : {}),
    ...(allocation.value ? { allocation: allocation.value } : {}),
  }))
  const settled = useDebounced(wanted)
  const plan = useQuery({
    queryKey: computed(() => ['plan', settled.value]),
    queryFn: ({ signal }) => client.planServer({ body: settled.value, signal }),
    enabled: computed(() => settled.value.egg !== ''),
  })

  /** Problems that can be seen before sending, by field. */
  const problems = computed(() => {
    const found: Record<string, string> = {}
    if (eggId.value === '') found['egg'] = 'eggMissing'
    if (name.value.trim() === '') found['name'] = 'nameMissing'
    if (!owner.value) found['owner'] = 'ownerMissing'
    for (const { envVariable, input } of egg.data.value?.variables ?? []) {
      if (checkVariable(input, values.value[envVariable] ?? '')) found[envVariable] = 'variable'
    }
    return found
  })

  function toBody(): CreateBody {
    return {
      ...wanted.value,
      name: name.value.trim(),
      owner: owner.value?.id ?? '',
      variables: values.value,
      startWhenInstalled: startWhenInstalled.value,
      ...(description.value.trim() ? { description: description.value.trim() } : {}),
      ...(image.value ? { image: image.value } : {}),
      ...(skipInstallScript.value ? { skipInstallScript: true } : {}),
    }
  }

  return {
    eggId,
    name,
    description,
    owner,
    limits,
    image,
    node,
    allocation,
    startWhenInstalled,
    skipInstallScript,
    values,
    egg: egg.data,
    plan,
    problems,
    toBody,
  }
}

export type ServerDraft = ReturnType<typeof useServerDraft>
