import { HatcheryError } from '@hatchery/core/sdk'
import { QueryClient } from '@tanstack/vue-query'

/** Server state is pushed over the live channel, so nothing is fetched again only because time has passed. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        // The client repeats what may be repeated; a refusal stays one.
        retry: (count, error) => !(error instanceof HatcheryError) && count < 1,
      },
    },
  })
}
