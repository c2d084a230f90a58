import type { EggRepositoryEgg } from '@hatchery/core/sdk'
import { computed, shallowRef } from 'vue'

/** Which eggs of a repository are chosen for installation; only what is not installed yet can be. */
export function useEggSelection() {
  const chosen = shallowRef<ReadonlySet<string>>(new Set())
  const canChoose = ({ state }: EggRepositoryEgg): boolean => state === 'available'

  function toggle(id: string): void {
    const next = new Set(chosen.value)
    if (!next.delete(id)) next.add(id)
    chosen.value = next
  }
  return {
    chosen,
    count: computed(() => chosen.value.size),
    canChoose,
    toggle,
    add: (eggs: readonly EggRepositoryEgg[]): void =>
      void (chosen.value = new Set([...chosen.value, ...eggs.filter(canChoose).map(({ id }) => id)])),
    clear: (): void => void (chosen.value = new Set()),
  }
}
