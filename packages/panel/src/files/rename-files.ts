import type * as api from '@hatchery/core/api'
import type { BodyOf, RenamePlan } from '@hatchery/core/api'
import { planRenames } from '@hatchery/core/renames'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { logFiles } from './log-files.ts'
import { reachFiles } from './reach-files.ts'

/** What would become of the names, and why some cannot be had. */
export async function previewRename(
  ctx: RequestContext,
  server: AuthorizedServer,
  { directory, names, rules }: BodyOf<typeof api.previewRename>,
  signal: AbortSignal,
): Promise<RenamePlan> {
  const reached = await reachFiles(ctx, server, 'read')
  const renames = planRenames(names, rules)
  const params = { server: reached.server, directory, renames, isPreview: true }
  return reached.link.call('files.rename', params, { signal })
}

/** Gives all of the names, or none. */
export async function renameFiles(
  ctx: RequestContext,
  server: AuthorizedServer,
  { directory, names, rules }: BodyOf<typeof api.renameFiles>,
): Promise<RenamePlan> {
  const reached = await reachFiles(ctx, server, 'write')
  const renames = planRenames(names, rules)
  const done = await reached.link.call('files.rename', { server: reached.server, directory, renames, isPreview: false })
  const below = (name: string) => (directory === '' ? name : `${directory}/${name}`)
  const changed = done.renames.filter(({ from, to }) => from !== to)
  await logFiles(
    ctx,
    reached,
    'rename',
    changed.map(({ from, to }) => ({ from: below(from), to: below(to) })),
  )
  return done
}
