import type { BodyOf, Startup, updateStartup as UpdateStartup } from '@hatchery/core/api'
import { describeRules, renderStartup, type Egg } from '@hatchery/core/eggs'
import { AppError } from '@hatchery/core/errors'
import { actorOf } from '../activity/actor.ts'
import type { AuthorizedServer, RequestContext } from '../context.ts'
import { isAllowedAdmin } from '../access/authorize.ts'
import { checkRevision } from '../http/revision.ts'
import { eggServerOf, type SpecSource } from './build-spec.ts'
import { imageOf, insertVariables } from './insert-server.ts'
import { loadSpecSource } from './load-spec.ts'
import { lockServer } from './lock-server.ts'
import { isSecretVariable } from './secret-variables.ts'
import { raiseGeneration, touchServer } from './touch-server.ts'
import { checkVariables, own } from './variables.ts'

const HIDDEN = '••••••'

export async function readStartup(ctx: RequestContext, server: AuthorizedServer): Promise<Startup> {
  const source = await loadSpecSource(ctx, server.id)
  if (!source) throw new AppError('SERVER_NOT_FOUND', { id: server.uuid })
  const { egg, server: row } = source
  const seesAll = isAllowedAdmin(ctx.principal, 'servers.update')
  const visible = egg.variables.filter(({ userViewable }) => seesAll || userViewable)
  return {
    command: row.startup,
    preview: previewOf(source, seesAll),
    commands: egg.startupCommands.map(({ label, value }) => ({ label, value })),
    image: row.image,
    images: egg.images.map(({ label, value }) => ({ label, value })),
    variables: visible.map((variable) => ({
      name: variable.name,
      description: variable.description,
      envVariable: variable.envVariable,
      value: own(source.variables, variable.envVariable) ?? variable.defaultValue,
      defaultValue: variable.defaultValue,
      isEditable: seesAll || variable.userEditable,
      rules: [...variable.rules],
      input: describeRules(variable.rules, variable),
    })),
    revision: row.revision,
  }
}

/** The command as the server will run it; secrets, and what the caller may not see, are covered. */
function previewOf(source: SpecSource, seesAll: boolean): string {
  const subject = eggServerOf(source)
  const covered = source.egg.variables
    .filter((variable) => (!seesAll && !variable.userViewable) || isSecretVariable(variable))
    .map(({ envVariable }) => [envVariable, HIDDEN])
  const variables = { ...subject.variables, ...(Object.fromEntries(covered) as Record<string, string>) }
  return renderStartup(source.egg, { ...subject, variables }, source.server.startup)
}

/** Changes variables and, for administrators, the command; the node gets the new level, used from the next start on. */
export async function updateStartup(
  ctx: RequestContext,
  server: AuthorizedServer,
  body: BodyOf<typeof UpdateStartup>,
  ifMatch: number | null,
): Promise<Startup> {
  const mayAll = isAllowedAdmin(ctx.principal, 'servers.update')
  if (body.command !== undefined && !mayAll) throw new AppError('PERMISSION_DENIED', { permission: 'servers.update' })
  await ctx.store.transaction(async (trx, afterCommit) => {
    await lockServer(ctx, trx, server)
    const source = await loadSpecSource(ctx, server.id, trx)
    if (!source) throw new AppError('SERVER_NOT_FOUND', { id: server.uuid })
    checkRevision(ifMatch, source.server.revision)
    const given = body.variables ?? {}
    if (!mayAll) requireEditable(source.egg, given)
    const values = checkVariables(source.egg, given, source.variables)

    await trx.deleteFrom('server_variables').where('server_id', '=', server.id).execute()
    await insertVariables(ctx, trx, source.server, source.egg, values)
    if (body.command !== undefined) {
      await trx.updateTable('servers').set({ startup: body.command }).where('id', '=', server.id).execute()
    }
    await raiseGeneration(trx, source.server)
    await touchServer(ctx, { trx, afterCommit }, source.server, 'person')
    await ctx.events.append(trx, {
      type: 'server:startup.updated',
      ...actorOf(ctx),
      serverId: server.id,
      data: { variables: Object.keys(given), command: body.command !== undefined },
    })
  })
  ctx.operations.applySpec(server.id)
  return readStartup(ctx, server)
}

/** A variable that a person cannot see does not exist for them. */
function requireEditable(egg: Egg, given: Readonly<Record<string, string>>): void {
  for (const { envVariable, userViewable, userEditable } of egg.variables) {
    if (!Object.hasOwn(given, envVariable) || (userViewable && userEditable)) continue
    throw new AppError('VARIABLE_NOT_EDITABLE', { variable: envVariable })
  }
}

export async function updateImage(
  ctx: RequestContext,
  server: AuthorizedServer,
  image: string,
  ifMatch: number | null,
): Promise<Startup> {
  await ctx.store.transaction(async (trx, afterCommit) => {
    await lockServer(ctx, trx, server)
    const source = await loadSpecSource(ctx, server.id, trx)
    if (!source) throw new AppError('SERVER_NOT_FOUND', { id: server.uuid })
    checkRevision(ifMatch, source.server.revision)
    await trx
      .updateTable('servers')
      .set({ image: imageOf(source.egg, image) })
      .where('id', '=', server.id)
      .execute()
    await raiseGeneration(trx, source.server)
    await touchServer(ctx, { trx, afterCommit }, source.server, 'person')
    await ctx.events.append(trx, {
      type: 'server:image.updated',
      ...actorOf(ctx),
      serverId: server.id,
      data: { from: source.server.image, to: image },
    })
  })
  ctx.operations.applySpec(server.id)
  return readStartup(ctx, server)
}
