import type { FileEntry } from '@hatchery/core/sdk'
import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { pathToQuery } from '../file-path.ts'

export type FileSort = 'name' | '-name' | 'size' | '-size' | 'modified' | '-modified'

const PAGE = 200
/** Games write files without telling anybody: what is opened again later is read again. */
const FRESH_MS = 5_000
/** More names than this are not taken at once. */
const MOST_SELECTED = 10_000

export interface DirectoryOptions {
  readonly server: MaybeRefOrGetter<string>
  readonly path: MaybeRefOrGetter<string>
  readonly sort: MaybeRefOrGetter<FileSort>
}

/** A directory of any size: only the pages whose rows are in sight are read. */
export function useDirectory({ server, path, sort }: DirectoryOptions) {
  const { client } = usePanel()
  const queries = useQueryClient()
  const range = shallowRef({ first: 0, last: 0 })
  watch([() => toValue(server), () => toValue(path)], () => (range.value = { first: 0, last: 0 }))

  /** The pages in sight, and always the first one: it knows how many entries there are. */
  const pages = computed(() => {
    const [from, to] = [Math.floor(range.value.first / PAGE), Math.floor(range.value.last / PAGE)]
    const wanted = Array.from({ length: to - from + 1 }, (_, index) => from + index)
    return wanted[0] === 0 ? wanted : [0, ...wanted]
  })
  const read = (query: { offset: number; limit: number }, signal?: AbortSignal) =>
    client.listFiles({
      params: { server: toValue(server) },
      query: { ...pathToQuery(toValue(path)), sort: toValue(sort), ...query },
      signal,
    })
  const list = computed(() => queryKeys.fileList(toValue(server), toValue(path), toValue(sort)))
  const query = useQuery({
    queryKey: computed(() => [...list.value, 'rows', pages.value] as const),
    queryFn: async () => {
      const wanted = pages.value
      const key = list.value
      const parts = await Promise.all(
        wanted.map((page) =>
          queries.fetchQuery({
            queryKey: [...key, page],
            queryFn: ({ signal }) => read({ offset: page * PAGE, limit: PAGE }, signal),
            staleTime: FRESH_MS,
          }),
        ),
      )
      const entries = new Map<number, FileEntry>()
      for (const [at, { data }] of parts.entries()) {
        for (const [index, entry] of data.entries()) entries.set((wanted[at] ?? 0) * PAGE + index, entry)
      }
      return { entries, total: parts[0]?.total ?? entries.size }
    },
    staleTime: FRESH_MS,
    // The rows that are there stay while the next ones come; those of another directory do not.
    placeholderData: (before, earlier) =>
      earlier && earlier.queryKey.slice(0, list.value.length).join('\0') === list.value.join('\0') ? before : undefined,
  })
  const loaded = computed<ReadonlyMap<number, FileEntry>>(() => query.data.value?.entries ?? new Map())
  const total = computed(() => query.data.value?.total ?? 0)

  /** As many entries as can be worked on at once, of the whole directory. */
  async function readAll(): Promise<readonly FileEntry[]> {
    const entries: FileEntry[] = []
    for (let offset = 0; offset < Math.min(total.value, MOST_SELECTED); offset += 1000) {
      const { data } = await read({ offset, limit: 1000 })
      entries.push(...data)
    }
    return entries
  }

  return {
    total,
    isPending: query.isPending,
    error: query.error,
    entryAt: (index: number): FileEntry | undefined => loaded.value.get(index),
    /** The entries that are there by now, with their places. */
    loaded,
    show(firstRow: number, lastRow: number): void {
      range.value = { first: firstRow, last: Math.max(firstRow, lastRow) }
    },
    readAll,
    refresh: () => queries.invalidateQueries({ queryKey: queryKeys.files(toValue(server)) }),
  }
}
