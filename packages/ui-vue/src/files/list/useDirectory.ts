import type { FileEntry } from '@hatchery/core/sdk'
import { useQueries, useQueryClient } from '@tanstack/vue-query'
import { computed, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { pathToQuery } from '../file-path.ts'

export type FileSort = 'name' | '-name' | 'size' | '-size' | 'modified' | '-modified'

const PAGE = 200
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

  const pages = computed(() => {
    const [from, to] = [Math.floor(range.value.first / PAGE), Math.floor(range.value.last / PAGE)]
    // The first page knows how many entries there are, so it is always among them.
    const wanted = Array.from({ length: to - from + 1 }, (_, index) => from + index)
    return wanted[0] === 0 ? wanted : [0, ...wanted]
  })
  const read = (query: { offset: number; limit: number }, signal?: AbortSignal) =>
    client.listFiles({
      params: { server: toValue(server) },
      query: { ...pathToQuery(toValue(path)), sort: toValue(sort), ...query },
      signal,
    })
  const results = useQueries({
    queries: computed(() =>
      pages.value.map((page) => ({
        queryKey: queryKeys.filePage(toValue(server), toValue(path), toValue(sort), page),
        queryFn: ({ signal }: { signal: AbortSignal }) => read({ offset: page * PAGE, limit: PAGE }, signal),
        // Games write files without telling anybody: what is opened again is read again.
        staleTime: 5_000,
      })),
    ),
  })
  const loaded = computed(() => {
    const entries = new Map<number, FileEntry>()
    for (const [at, result] of results.value.entries()) {
      const first = (pages.value[at] ?? 0) * PAGE
      for (const [index, entry] of (result.data?.data ?? []).entries()) entries.set(first + index, entry)
    }
    return entries
  })
  const first = computed(() => results.value[0])
  const total = computed(() => first.value?.data?.total ?? first.value?.data?.data.length ?? 0)

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
    isPending: computed(() => first.value?.isPending ?? true),
    error: computed(() => results.value.find((result) => result.error)?.error ?? null),
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
