import { computed, watch } from 'vue'
import { isFinished, useOperations } from '../../tasks/useOperations.ts'

/** Calls back when a job that changes files of a server has ended, such as unpacking an archive. */
export function useFileJobs(server: () => string, onEnd: () => unknown): void {
  const { operations } = useOperations()
  const ended = computed(() =>
    operations.value
      .filter((one) => one.server === server() && one.kind.startsWith('file.') && isFinished(one))
      .map(({ id }) => id)
      .toSorted()
      .join(),
  )
  watch(ended, onEnd)
}
