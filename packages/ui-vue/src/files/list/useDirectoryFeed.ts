import { useQueryClient } from '@tanstack/vue-query'
import { onScopeDispose, type Ref } from 'vue'
import { queryKeys } from '../../api/query-keys.ts'
import { useLive } from '../../api/useLive.ts'
import { pathToBase64Url } from '../file-path.ts'

/** A game writes all the time: its files are read again at most this often. */
const PAUSE_MS = 1_000

/** Reads the list again when somebody else changes the directory that is open: the game, another person, SFTP. */
export function useDirectoryFeed(server: () => string, path: Readonly<Ref<string>>): void {
  const queries = useQueryClient()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isWanted = false

  function refresh(): void {
    isWanted = timer !== undefined
    if (isWanted) return
    void queries.invalidateQueries({ queryKey: [...queryKeys.files(server()), path.value] })
    timer = setTimeout(() => {
      timer = undefined
      if (isWanted) refresh()
    }, PAUSE_MS)
  }
  useLive('server-files', () => (path.value === '' ? server() : `${server()}:${pathToBase64Url(path.value)}`), {
    onEvent: refresh,
    onResync: refresh,
    // A directory that cannot be watched is read again when it is opened or when somebody asks for it.
    onRevoked: () => undefined,
  })
  onScopeDispose(() => clearTimeout(timer))
}
