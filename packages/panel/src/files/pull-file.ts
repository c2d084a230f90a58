import type * as api from '@hatchery/core/api'
import type { BodyOf, OperationRef } from '@hatchery/core/api'
import { readOutboundUrl, shownUrl } from '@hatchery/core/outbound'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { beginJob } from './file-jobs.ts'
import { requireMay } from './reach-files.ts'

/** Lets the node fetch a file. Where it may connect is the node's decision, made for each connection. */
export async function pullFile(
  ctx: RequestContext,
  server: AuthorizedServer,
  { url, directory, name, replace = false }: BodyOf<typeof api.pullFile>,
): Promise<OperationRef> {
  if (replace) requireMay(ctx, server, 'file.update')
  const address = readOutboundUrl(url)
  return beginJob(ctx, server, {
    kind: 'file.pull',
    method: 'files.pull',
    params: { url: address.href, directory, replace, ...(name !== undefined && { name }) },
    permission: 'file.create',
    // Queries may hold tokens.
    files: [{ from: shownUrl(address), to: [directory, name ?? ''].filter((part) => part !== '').join('/') }],
  })
}
