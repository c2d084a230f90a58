import type { ArchiveMember, FileEntry } from '@hatchery/core/sdk'
import { useInfiniteQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, watch, shallowRef, type MaybeRefOrGetter } from 'vue'
import { usePanel } from '../../api/panel.ts'
import { queryKeys } from '../../api/query-keys.ts'
import { pathToQuery } from '../file-path.ts'
import type { Directory } from '../list/useFileSelection.ts'

const PAGE = 1000

/** A directory inside an archive, as the list of files takes it. Pages follow each other, so rows come from the top. */
export function useArchiveDirectory(options: {
  readonly server: MaybeRefOrGetter<string>
  /** Where the archive is. */
  readonly path: MaybeRefOrGetter<string>
  readonly inside: MaybeRefOrGetter<string>
}): Directory {
  const { client } = usePanel()
  const queries = useQueryClient()
  const [server, path, inside] = [options.server, options.path, options.inside].map((one) => () => toValue(one))
  const lastRow = shallowRef(0)
  const key = computed(() => [...queryKeys.files(server!()), 'archive', path!(), inside!()])
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      client.listArchive({
        params: { server: server!() },
        query: {
          ...pathToQuery(path!()),
          directory: inside!(),
          limit: PAGE,
          ...(pageParam === '' ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const entries = computed(() => (query.data.value?.pages ?? []).flatMap(({ data }) => data.map(toEntry)))
  const loaded = computed<ReadonlyMap<number, FileEntry>>(() => new Map(entries.value.entries()))
  const total = computed(() => query.data.value?.pages[0]?.total ?? entries.value.length)
  watch([lastRow, entries], () => {
    if (lastRow.value >= entries.value.length && query.hasNextPage.value && !query.isFetching.value)
      void query.fetchNextPage()
  })

  return {
    total,
    isPending: query.isPending,
    error: query.error,
    entryAt: (index) => entries.value[index],
    loaded,
    show: (_first, last) => void (lastRow.value = last),
    async readAll() {
      while (query.hasNextPage.value) await query.fetchNextPage()
      return entries.value
    },
    refresh: () => queries.invalidateQueries({ queryKey: key.value }),
  }
}

/** Sizes and times that an archive does not tell are 0, which the list shows as nothing. */
function toEntry({ name, type, sizeBytes, packedBytes, mode, modifiedAt, linkTarget }: ArchiveMember): FileEntry {
  return {
    name,
    type,
    sizeBytes: sizeBytes ?? 0,
    diskBytes: packedBytes ?? 0,
    mode,
    modifiedAt: modifiedAt ?? 0,
    linkTarget,
    revision: 0,
  }
}
