import { useQueryClient } from '@tanstack/vue-query'
import { watch } from 'vue'
import { queryKeys } from '../../api/query-keys.ts'
import { isFinished, useOperations } from '../../tasks/useOperations.ts'

/** Loads repositories again when a job on one of them begins or ends, whoever or whatever started it. */
export function useRepositoryFeed(): void {
  const queries = useQueryClient()
  const { operations } = useOperations()
  watch(
    () =>
      operations.value
        .filter(({ kind }) => kind.startsWith('egg-repository.'))
        .map((operation) => `${operation.id} ${isFinished(operation)}`)
        .join(),
    () => void queries.invalidateQueries({ queryKey: queryKeys.eggRepositories }),
  )
}
