import type { EggExport, exportEgg as ExportEgg, QueryOf } from '@hatchery/core/api'
import { AppError } from '@hatchery/core/errors'
import { exportEgg as writeEgg } from '@hatchery/core/eggs'
import type { RequestContext } from '../context.ts'
import { modelOf } from './egg-view.ts'
import { fileNameOf } from './read-egg-file.ts'

/** Writes an egg in the format of another panel, or of this one. */
export async function exportEgg(
  ctx: Pick<RequestContext, 'db' | 'now'>,
  uuid: string,
  { format = 'hatchery', encoding = 'json' }: QueryOf<typeof ExportEgg>,
): Promise<EggExport> {
  const row = await ctx.db.selectFrom('eggs').select(['name', 'model']).where('uuid', '=', uuid).executeTakeFirst()
  if (!row) throw new AppError('EGG_NOT_FOUND', { id: uuid })
  const exported = await writeEgg(modelOf(row), format, { encoding, dialect: 'pterodactyl' })
  const isYaml = encoding === 'yaml' && !/^\s*\{/.test(exported.text)
  return {
    fileName: fileNameOf(row.name, isYaml ? 'yaml' : 'json'),
    text: exported.text,
    losses: exported.losses.map((loss) => ({ ...loss })),
    changes: exported.changes.map((change) => ({ ...change })),
  }
}
