import { actorOf } from '../activity/actor.ts'
import type { RequestContext } from '../context.ts'
import type { ReachedFiles } from './reach-files.ts'

/** So many paths of one call are named in the log; the rest is a number. */
const MAX_PATHS = 50

/** Writes down who did something to which files. */
export async function logFiles(
  ctx: RequestContext,
  { id, nodeId }: ReachedFiles,
  verb: string,
  paths: readonly (string | { readonly from: string; readonly to: string })[],
): Promise<void> {
  await ctx.store.transaction(async (trx) => {
    await ctx.events.append(trx, {
      type: `server:file.${verb}`,
      ...actorOf(ctx),
      serverId: id,
      nodeId,
      data: { files: paths.slice(0, MAX_PATHS), count: paths.length },
    })
  })
}
