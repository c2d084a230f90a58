import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { EggUpdateServer } from '@hatchery/core/api'
import { compileRules, validateValue, type Egg, type EggVariable } from '@hatchery/core/eggs'
import type { Context } from '../context.ts'
import { openVariable } from '../servers/secret-variables.ts'

const PAGE = 500
/** More are counted and not listed. */
const MAX_LISTED = 100

export interface UpdateImpact {
  readonly serverCount: number
  readonly servers: EggUpdateServer[]
  readonly affectedCount: number
}

type ImpactContext = Pick<Context, 'db' | 'secrets'>

/** Servers of an egg whose values pass the rules of `before` or were never asked for, and not those of `after`. */
export async function impactOf(
  ctx: ImpactContext,
  eggId: number,
  before: Pick<Egg, 'variables'>,
  after: Pick<Egg, 'variables'>,
): Promise<UpdateImpact> {
  const { count } = await ctx.db
    .selectFrom('servers')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('egg_id', '=', eggId)
    .executeTakeFirstOrThrow()
  const changed = changedVariables(before, after).map((variable) => ({
    ...variable,
    compiled: compileRules(variable.rules),
  }))
  const servers: EggUpdateServer[] = []
  let affectedCount = 0
  let last = 0
  while (changed.length > 0) {
    const page = await readPage(ctx, eggId, last)
    for (const server of page) {
      const environment = environmentOf(ctx, server, after)
      const variables = changed.flatMap(({ envVariable, compiled }) => {
        const { ok, isRuleBroken, failed, messages } = validateValue(compiled, environment[envVariable], {
          environment,
        })
        return ok || isRuleBroken ? [] : [{ envVariable, failed: [...failed], message: messages.join(' ') }]
      })
      if (variables.length === 0) continue
      affectedCount++
      if (servers.length < MAX_LISTED) servers.push({ id: server.uuid, name: server.name, variables })
    }
    last = page.at(-1)?.id ?? last
    if (page.length < PAGE) break
    await yieldToOthers()
  }
  return { serverCount: Number(count), servers, affectedCount }
}

/** Those that are new, or that another value is good for now. */
function changedVariables(before: Pick<Egg, 'variables'>, after: Pick<Egg, 'variables'>): readonly EggVariable[] {
  const known = new Map(before.variables.map((variable) => [variable.envVariable, variable]))
  return after.variables.filter(({ envVariable, rules, defaultValue }) => {
    const old = known.get(envVariable)
    return !old || old.defaultValue !== defaultValue || JSON.stringify(old.rules) !== JSON.stringify(rules)
  })
}

interface ServerValues {
  readonly id: number
  readonly uuid: string
  readonly name: string
  readonly values: ReadonlyMap<string, string>
}

async function readPage(ctx: ImpactContext, eggId: number, after: number): Promise<readonly ServerValues[]> {
  const servers = await ctx.db
    .selectFrom('servers')
    .select(['id', 'uuid', 'name'])
    .where('egg_id', '=', eggId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(PAGE)
    .execute()
  if (servers.length === 0) return []
  const rows = await ctx.db
    .selectFrom('server_variables')
    .select(['server_id', 'env_variable', 'value'])
    .where(
      'server_id',
      'in',
      servers.map(({ id }) => id),
    )
    .execute()
  const byServer = Map.groupBy(rows, ({ server_id }) => server_id)
  return servers.map((server) => ({
    ...server,
    values: new Map((byServer.get(server.id) ?? []).map(({ env_variable, value }) => [env_variable, value])),
  }))
}

/** What the server will start with: its values, and the new defaults where it has none. */
function environmentOf(
  ctx: ImpactContext,
  server: ServerValues,
  after: Pick<Egg, 'variables'>,
): Record<string, string> {
  return Object.fromEntries(
    after.variables.map(({ envVariable, defaultValue }) => {
      const stored = server.values.get(envVariable)
      return [envVariable, stored === undefined ? defaultValue : openVariable(ctx, server.uuid, envVariable, stored)]
    }),
  )
}
