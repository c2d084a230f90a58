import { useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { useSession } from '../../session/useSession.ts'
import { createBulkQueue } from '../eggs/create-bulk-queue.ts'
import { readEggText } from '../eggs/read-egg-text.ts'
import { isImportable, MOST_EGG_BYTES, newItem, type ImportItem } from './import-item.ts'

/** Eggs from files, text and addresses: each is read and compared with the panel first, and imported when asked. */
export function useEggImport() {
  const { client } = usePanel()
  const { may } = useSession()
  const queries = useQueryClient()
  const items = shallowRef<readonly ImportItem[]>([])
  const run = createBulkQueue()
  let lastId = 0

  const find = (id: number): ImportItem | undefined => items.value.find((item) => item.id === id)
  function patch(id: number, change: Partial<ImportItem>): void {
    items.value = items.value.map((item) => (item.id === id ? { ...item, ...change } : item))
  }
  function add(change: Partial<ImportItem>): number {
    lastId += 1
    items.value = [...items.value, newItem(lastId, change)]
    return lastId
  }

  /** Says what is in it and, if the panel has the egg, what would change. */
  async function inspect(id: number): Promise<void> {
    const { text = '', fileName = '', url = '' } = find(id) ?? {}
    try {
      const check = await run(() => client.checkEgg({ body: { text } }))
      const { existing } = check
      if (!check.ok) return patch(id, { status: 'unreadable', check })
      patch(id, { findings: (await readEggText(text, fileName)).findings })
      if (!existing || !may('eggs.update')) return patch(id, { status: 'ready', check })
      patch(id, { check, onExisting: 'update' })
      const body = sourceOf({ text, fileName, url })
      patch(id, {
        status: 'ready',
        preview: await run(() => client.checkEggUpdate({ params: { egg: existing }, body })),
      })
    } catch (error) {
      patch(id, { status: 'failed', error })
    }
  }

  async function addFile(file: File): Promise<void> {
    const names = { name: file.name, fileName: file.name }
    if (file.size > MOST_EGG_BYTES) return void add({ ...names, status: 'failed', problem: 'tooLarge' })
    const id = add(names)
    try {
      patch(id, { text: await file.text() })
    } catch (error) {
      // A folder, or a file that went away meanwhile.
      return patch(id, { status: 'failed', problem: 'notRead', error })
    }
    await inspect(id)
  }

  async function fetchText(id: number, url: string): Promise<void> {
    try {
      const { text, fileName, url: found } = await run(() => client.fetchEgg({ body: { url } }))
      patch(id, { text, fileName, url: found })
    } catch (error) {
      return patch(id, { status: 'failed', error })
    }
    await inspect(id)
  }

  /** Reads one again after something went wrong, with the egg that the panel has now. */
  function again(id: number): Promise<void> {
    const item = find(id)
    patch(id, { status: 'reading', error: undefined, preview: undefined })
    return item?.text ? inspect(id) : fetchText(id, item?.url ?? '')
  }

  async function importOne(item: ImportItem, nest: string): Promise<void> {
    const { id, text, fileName, url, preview } = item
    patch(id, { status: 'importing', error: undefined })
    const file = { text, ...(fileName ? { fileName } : {}) }
    try {
      const isUpdate = preview && item.onExisting === 'update'
      const egg = isUpdate
        ? (await client.updateEgg({ params: { egg: preview.egg }, body: { ...sourceOf(item), hash: preview.hash } }))
            .egg
        : await client.importEgg({ body: { nest, ...file, ...(url ? { url } : {}), onExisting: 'create' } })
      patch(id, { status: 'imported', egg: egg.id })
    } catch (error) {
      patch(id, { status: 'failed', error })
    }
  }

  return {
    items,
    importable: computed(() => items.value.filter(isImportable)),
    isReading: computed(() => items.value.some(({ status }) => status === 'reading')),
    addFiles: (files: Iterable<File>): Promise<unknown> => Promise.all([...files].map(addFile)),
    addText: (text: string): Promise<void> => inspect(add({ text })),
    addUrl: (url: string): Promise<void> => fetchText(add({ name: url, url }), url),
    again,
    choose: (id: number, onExisting: ImportItem['onExisting']): void => patch(id, { onExisting }),
    remove: (id: number): void => void (items.value = items.value.filter((item) => item.id !== id)),
    clear: (): void => void (items.value = []),
    /** Imports everything that was seen and can be; answers the eggs, in the order of the list. */
    async importAll(nest: string): Promise<readonly string[]> {
      const chosen = items.value.filter(isImportable)
      await Promise.all(chosen.map((item) => run(() => importOne(item, nest))))
      const stale = [queryKeys.eggs, queryKeys.nests, queryKeys.eggRepositories]
      await Promise.all(stale.map((queryKey) => queries.invalidateQueries({ queryKey })))
      return chosen.flatMap(({ id }) => find(id)?.egg ?? [])
    },
  }
}

/** An address is remembered for the next update, so it is sent instead of what was found there. */
const sourceOf = ({ text, fileName, url }: Pick<ImportItem, 'text' | 'fileName' | 'url'>) =>
  url ? { url } : { text, ...(fileName ? { fileName } : {}) }
