import type { Selectable } from 'kysely'
import type { Egg, EggSummary } from '@hatchery/core/api'
import { describeRules, featuresOf, parseEgg, type Egg as EggModel } from '@hatchery/core/eggs'
import type { Context } from '../context.ts'
import type { EggsTable } from '../storage/tables/eggs.ts'

export function selectEggs(ctx: Pick<Context, 'db'>) {
  return ctx.db
    .selectFrom('eggs')
    .innerJoin('nests', 'nests.id', 'eggs.nest_id')
    .leftJoin('egg_sources', 'egg_sources.egg_id', 'eggs.id')
    .leftJoin('egg_repositories', 'egg_repositories.id', 'egg_sources.repository_id')
    .leftJoin('egg_repository_eggs as entries', (join) =>
      join
        .onRef('entries.repository_id', '=', 'egg_sources.repository_id')
        .onRef('entries.path_hash', '=', 'egg_sources.path_hash'),
    )
    .selectAll('eggs')
    .select([
      'nests.uuid as nest_uuid',
      'egg_sources.update_url',
      'egg_sources.text_hash',
      'egg_sources.path as origin_path',
      'egg_repositories.uuid as origin_uuid',
      'egg_repositories.name as origin_name',
      'entries.text_hash as origin_text_hash',
      'entries.is_gone as origin_is_gone',
    ])
    .select((eb) =>
      eb
        .selectFrom('servers')
        .whereRef('servers.egg_id', '=', 'eggs.id')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .as('server_count'),
    )
}

export type EggRow = Awaited<ReturnType<ReturnType<typeof selectEggs>['execute']>>[number]

export const modelOf = (row: Pick<Selectable<EggsTable>, 'model'>): EggModel => JSON.parse(row.model) as EggModel

/** Where updates come from: what the file says itself, else where it was fetched from. */
export function updateUrlOf(row: Pick<EggRow, 'model' | 'update_url'>): string | null {
  const url = modelOf(row).updateUrl ?? row.update_url
  return url !== null && /^https?:\/\//i.test(url) ? url : null
}

function originOf(row: EggRow): EggSummary['origin'] {
  if (row.origin_uuid === null || row.origin_name === null || row.origin_path === null) return null
  const isGone = row.origin_text_hash === null || row.origin_is_gone === 1
  const state = isGone ? 'removed' : row.origin_text_hash === row.text_hash ? 'installed' : 'changed'
  return { repository: row.origin_uuid, name: row.origin_name, path: row.origin_path, state }
}

export function toEggSummary(row: EggRow): EggSummary {
  return {
    id: row.uuid,
    nest: row.nest_uuid,
    name: row.name,
    author: row.author,
    description: row.description,
    format: row.format,
    features: [...featuresOf(modelOf(row))],
    updateUrl: updateUrlOf(row),
    origin: originOf(row),
    serverCount: Number(row.server_count ?? 0),
    createdAt: row.created_at,
    revision: row.revision,
  }
}

export async function toEgg(row: EggRow): Promise<Egg> {
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
