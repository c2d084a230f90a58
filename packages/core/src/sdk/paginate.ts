/** One page of a list, as every list endpoint answers it. */
export interface PageOf<T> {
  readonly data: readonly T[]
  readonly nextCursor: string | null
}

type ListCall = (options: never) => Promise<PageOf<unknown>>
type ItemOf<L extends ListCall> = Awaited<ReturnType<L>>['data'][number]

/**
 * Walks a list to its end, one page at a time; the next page is read only when it is needed.
 * @example for await (const server of paginate(client.listServers, { query: { state: 'running' } })) …
 */
export async function* paginate<L extends ListCall>(
  list: L,
  ...[options]: Parameters<L>
): AsyncGenerator<ItemOf<L>, void, undefined> {
  // What a list call takes is known to the caller; here only `query.cursor` of it matters.
  const readPage = list as unknown as (options: object) => Promise<PageOf<ItemOf<L>>>
  const base: { readonly query?: object | undefined } = options ?? {}
  let cursor: string | null | undefined
  do {
    const page: PageOf<ItemOf<L>> = await readPage(
      cursor === undefined ? base : { ...base, query: { ...base.query, cursor } },
    )
    yield* page.data
    cursor = page.nextCursor
  } while (cursor !== null)
}
