import { useQueryClient } from '@tanstack/vue-query'
import { defineStore } from 'pinia'
import { computed, watch } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { useDirectPath } from '../direct/direct-path-store.ts'
import { createUploadQueue } from './create-upload-queue.ts'

/** The uploads of this tab: they go on while other pages are shown, and the tab asks before it is closed. */
export const useUploads = defineStore('uploads', () => {
  const { client } = usePanel()
  const queries = useQueryClient()
  const queue = createUploadQueue(client, {
    direct: useDirectPath(),
    onDone: ({ server }) => void queries.invalidateQueries({ queryKey: queryKeys.files(server) }),
  })
  const isBusy = computed(() => queue.items.value.some(({ status }) => status === 'sending' || status === 'waiting'))
  const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
  watch(isBusy, (busy) => {
    if (busy) window.addEventListener('beforeunload', warn)
    else window.removeEventListener('beforeunload', warn)
  })
  return { ...queue, isBusy }
})
