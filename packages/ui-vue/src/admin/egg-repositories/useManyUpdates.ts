import type { EggRepositoryEgg, EggUpdatePreview } from '@hatchery/core/sdk'
import { computed, shallowRef } from 'vue'
import { createBulkQueue } from '../eggs/create-bulk-queue.ts'
import { useEggUpdate, type UpdateSource } from '../egg-updates/useEggUpdate.ts'

export interface PlannedUpdate {
  readonly egg: EggRepositoryEgg
  readonly status: 'looking' | 'ready' | 'updating' | 'updated' | 'failed'
  readonly preview: EggUpdatePreview | undefined
  readonly error: unknown
  readonly isChosen: boolean
}

/** Updates of many eggs from one repository: each is looked at first, and what was seen is applied. */
export function useManyUpdates(repository: string) {
  const update = useEggUpdate()
  const run = createBulkQueue()
  const plan = shallowRef<readonly PlannedUpdate[]>([])
  let round = 0

  const sourceOf = ({ path }: EggRepositoryEgg): UpdateSource => ({ repository, path })
  const patch = (id: string, change: Partial<PlannedUpdate>): void =>
    void (plan.value = plan.value.map((one) => (one.egg.id === id ? { ...one, ...change } : one)))

  /** Answers of an earlier list that come late are dropped. */
  async function look(eggs: readonly EggRepositoryEgg[]): Promise<void> {
    const current = ++round
    plan.value = eggs.map((egg) => ({ egg, status: 'looking', preview: undefined, error: undefined, isChosen: true }))
    const lookAt = async (egg: EggRepositoryEgg): Promise<void> => {
      if (current !== round) return
      try {
        const preview = await update.check(egg.egg ?? '', sourceOf(egg))
        if (current === round) patch(egg.id, { status: 'ready', preview })
      } catch (error) {
        if (current === round) patch(egg.id, { status: 'failed', error, isChosen: false })
      }
    }
    await Promise.all(eggs.map((egg) => run(() => lookAt(egg))))
  }

  async function applyOne({ egg, preview }: PlannedUpdate): Promise<void> {
    patch(egg.id, { status: 'updating' })
    try {
      await update.apply(egg.egg ?? '', sourceOf(egg), preview?.hash ?? '')
      patch(egg.id, { status: 'updated' })
    } catch (error) {
      patch(egg.id, { status: 'failed', error, isChosen: false })
    }
  }
  const chosen = computed(() => plan.value.filter(({ status, isChosen }) => status === 'ready' && isChosen))
  return {
    plan,
    chosen,
    look,
    stop: (): void => void (round += 1),
    toggle: (id: string, isChosen: boolean): void => patch(id, { isChosen }),
    async applyChosen(): Promise<void> {
      await Promise.all(chosen.value.map((one) => run(() => applyOne(one))))
      await update.reload()
    },
  }
}
