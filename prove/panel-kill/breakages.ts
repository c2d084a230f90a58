import type { Breakage } from '../broken/break-source.ts'

/** Panels that break a promise each; the suite has to notice every one. */
export const BREAKAGES: Readonly<Record<string, Breakage>> = {
  // Answers, and writes it down a moment later; the first start needs its own location at once.
  'acknowledges too early': {
    file: 'locations/service.ts',
    find: 'return readLocation(ctx, uuid)',
    replace: `const location = await readLocation(ctx, uuid)
  if (!location.name.startsWith('Place ')) return location
  await ctx.store.transaction((trx) => trx.deleteFrom('locations').where('uuid', '=', uuid).execute())
  setTimeout(() => void ctx.store.transaction((trx) => trx.insertInto('locations').values({
    uuid, name: location.name, description: '', created_at: ctx.now(), revision: 1,
  }).execute()), 500)
  return location`,
  },
  // Goes on from now instead of from where the viewer was.
  'forgets where viewers were': {
    file: 'live/console-channel.ts',
    find: 'const from = cursor === null ? null : parseCursor(cursor)',
    replace: 'const from = null',
  },
}
