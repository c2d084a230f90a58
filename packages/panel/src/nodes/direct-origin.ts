import type { NodeHost } from '@hatchery/core/api'
import type { Static } from 'typebox'
import type { Context } from '../context.ts'

/** Where browsers reach the agent of a node itself; null when they do not. `host` is what the agent said of its machine. */
export function directOriginOf(host: string | null): string | null {
  if (host === null) return null
  const { direct } = JSON.parse(host) as Static<typeof NodeHost>
  // It was checked when it came, but goes into the headers of every page.
  return direct ? new URL(direct.url).origin : null
}

/** A page that was loaded before a node came up goes through the panel until it is loaded again. */
const KEEP_MS = 10_000

/**
 * Those of all nodes, for the pages that may exchange bytes with them. Anybody may ask for a page, so the answer is kept for a
 * while; where the database does not answer, a page goes without.
 */
export function directOriginsOf(ctx: Pick<Context, 'db' | 'log' | 'now'>): () => Promise<readonly string[]> {
  let known: Promise<readonly string[]> = Promise.resolve([])
  let readAt = -Infinity
  const read = async () => {
    const nodes = await ctx.db.selectFrom('nodes').select('host').where('host', 'is not', null).execute()
    return [...new Set(nodes.map(({ host }) => directOriginOf(host)).filter((origin) => origin !== null))].toSorted()
  }
  return () => {
    if (ctx.now() - readAt < KEEP_MS) return known
    readAt = ctx.now()
    return (known = read().catch((error: unknown) => {
      ctx.log.warn({ err: error }, 'the addresses of nodes could not be read for a page')
      return []
    }))
  }
}
