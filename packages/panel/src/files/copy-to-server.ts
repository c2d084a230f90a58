import type * as api from '@hatchery/core/api'
import type { BodyOf, OperationRef } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { findServer } from '../access/authorize.ts'
import { callerOf } from '../access/caller.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { openPacked } from './download-files.ts'
import { createJob } from './file-jobs.ts'
import { logFiles } from './log-files.ts'
import { reachFiles, requireMay, type ReachedFiles } from './reach-files.ts'

/**
 * Lets one node pack and another unpack, with the panel between them: it passes on what comes as fast as it is taken, and keeps
 * nothing. The job is that of the server that gets the files.
 * @throws AppError `COPY_TARGET_NOT_FOUND`, `PERMISSION_DENIED`, and what either node answers
 */
export async function copyFilesToServer(
  ctx: RequestContext,
  server: AuthorizedServer,
  { directory, names, target: wanted, to, replace = false }: BodyOf<typeof api.copyFilesToServer>,
): Promise<OperationRef> {
  const target = await findServer(ctx, callerOf(ctx), wanted)
  if (!target) throw new AppError('COPY_TARGET_NOT_FOUND', { id: wanted })
  requireMay(ctx, target, 'file.create')
  if (replace) requireMay(ctx, target, 'file.update')
  const source = await reachFiles(ctx, server, 'read')
  const goal = await reachFiles(ctx, target, 'write')
  const estimatedBytes = await estimate(source, directory, names)

  const abort = new AbortController()
  const ticket = await goal.link.openTicket()
  try {
    // Before the job: what is not there is said at once.
    const bytes = await openPacked(ctx, source, { directory, names, format: 'tar' }, abort.signal)
    const files = names.map((name) => ({ from: name, to: to === '' ? name : `${to}/${name}` }))
    const operation = await createJob(ctx, goal, {
      kind: 'file.receive',
      method: 'files.receive',
      params: { to, replace, estimatedBytes, ticket: ticket.id },
      permission: 'file.create',
      files,
    })
    const sending = ticket.opened.then((stream) => stream.send(() => bytes))
    // How the copy ends is what the node of the target says; here it only has to stop.
    sending.catch((error: unknown) => {
      ctx.log.debug({ err: error, operation }, 'a copy to another server has stopped')
      abort.abort(error)
    })
    await ctx.operations.send(operation)
    const paths = names.map((name) => (directory === '' ? name : `${directory}/${name}`))
    await logFiles(ctx, source, 'read', paths)
    return { operation }
  } catch (error) {
    ticket.cancel()
    abort.abort(error)
    throw error
  }
}

/** Bytes that will come, more or less; null when nobody counted. */
async function estimate(
  { link, server }: ReachedFiles,
  directory: string,
  names: readonly string[],
): Promise<number | null> {
  try {
    const { children, isPartial } = await link.call('files.diskUse', { server, path: directory })
    const found = children.filter(({ name }) => names.includes(name))
    if (isPartial || found.length !== new Set(names).size) return null
    return found.reduce((sum, { diskBytes }) => sum + diskBytes, 0)
  } catch {
    // A bar without an end is no reason not to copy.
    return null
  }
}
