import type { Selectable } from 'kysely'
import type { Egg, EggSummary } from '@hatchery/core/api'
import { describeRules, featuresOf, parseEgg, type Egg as EggModel } from '@hatchery/core/eggs'
import type { Context } from '../context.ts'
import type { EggsTable } from '../storage/tables/eggs.ts'

export function selectEggs(ctx: Pick<Context, 'db'>) {
  return ctx.db
    .selectFrom('eggs')
    .innerJoin('nests', 'nests.id', 'eggs.nest_id')
    .selectAll('eggs')
    .select('nests.uuid as nest_uuid')
    .select((eb) =>
      eb
        .selectFrom('servers')
        .whereRef('servers.egg_id', '=', 'eggs.id')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('server_count'),
    )
}

type Row = Selectable<EggsTable> & {
  readonly nest_uuid: string
  readonly server_count: number | string | bigint | null
}

export const modelOf = (row: Pick<Selectable<EggsTable>, 'model'>): EggModel => JSON.parse(row.model) as EggModel

export function toEggSummary(row: Row): EggSummary {
  return {
    id: row.uuid,
    nest: row.nest_uuid,
    name: row.name,
    author: row.author,
    description: row.description,
    format: row.format,
    features: [...featuresOf(modelOf(row))],
    serverCount: Number(row.server_count ?? 0),
    createdAt: row.created_at,
    revision: row.revision,
  }
}

export async function toEgg(row: Row): Promise<Egg> {
  const model = modelOf(row)
  const { diagnostics } = await parseEgg(row.source, { fileName: row.file_name })
  return {
    ...toEggSummary(row),
    images: model.images.map(({ label, value }) => ({ label, value })),
    startupCommands: model.startupCommands.map(({ label, value }) => ({ label, value })),
    stop: model.config.stop,
    done: [...model.config.done],
    variables: model.variables.map((variable) => ({
      name: variable.name,
      description: variable.description,
      envVariable: variable.envVariable,
      defaultValue: variable.defaultValue,
      userViewable: variable.userViewable,
      userEditable: variable.userEditable,
      rules: [...variable.rules],
      input: describeRules(variable.rules, variable),
    })),
    configFiles: model.config.files.map(({ path }) => path),
    hasInstallScript: model.install !== null,
    diagnostics: diagnostics.map((diagnostic) => ({ ...diagnostic })),
  }
}
