import type { RequestContext } from '../context.ts'

/** Who a file is saved for, so that its history can say so; the name is the one of this moment. */
export async function authorOf({
  db,
  principal,
}: Pick<RequestContext, 'db' | 'principal'>): Promise<{ user: string | null; name: string | null }> {
  if (!('userId' in principal)) return { user: null, name: null }
  const user = await db.selectFrom('users').select('username').where('id', '=', principal.userId).executeTakeFirst()
  return { user: principal.userUuid, name: user?.username ?? null }
}
