// A panel in a process of its own, for attacks: node prove/abuse/panel-process.ts DIRECTORY [BREAKAGE]. It speaks with the
// suite over the IPC channel and writes its log, at its loudest, to standard output. A breakage is a hole that the suite
// must find.
import { ServerResponse } from 'node:http'
import path from 'node:path'
import process from 'node:process'
import { CONTRACTS } from '@hatchery/core/api'
import { createPanel, type Panel } from '@hatchery/panel'
import { createSession, tokenHash } from '../../packages/panel/src/sessions/sessions.ts'
import { Factories } from '../../packages/panel/src/testing/factories.ts'

export type Breakage = 'authorisation' | 'leak' | 'write' | 'crash' | 'origin'

const [directory = '', breakage] = process.argv.slice(2)
if (breakage === 'authorisation') {
  // A read and a write whose check somebody forgot.
  Reflect.set(CONTRACTS.get('listUsers')!, 'permission', { account: 'servers.read' })
  Reflect.set(CONTRACTS.get('updateServer')!, 'permission', { account: 'servers.read' })
}

const panel = await createPanel({
  database: process.env['ABUSE_DATABASE'] ?? `sqlite:${path.join(directory, 'panel.db')}`,
  masterKey: { directory },
  rateLimits: process.env['ABUSE_RATE_LIMITS'] === '1' ? {} : false,
  log: 'trace',
  allowedOrigins: breakage === 'origin' ? ['null', 'http://evil.example'] : [],
})
let lastHash: string | null = null
const factories = new Factories(panel.ctx)
if (breakage === 'leak' || breakage === 'write' || breakage === 'crash') breakAnswers(panel, breakage)
const url = await panel.listen({ port: 0, host: '127.0.0.1' })

/** What the suite may ask for. */
const operations = {
  user: (values: { username: string; isAdmin?: boolean }) => factories.user(values),
  node: () => factories.node(),
  egg: () => factories.egg(),
  server: ({ owner, ...values }: { owner: Awaited<ReturnType<Factories['user']>> }) => factories.server(owner, values),
  grant: ({ user, server, permissions }: { user: never; server: never; permissions: readonly string[] }) =>
    factories.grant(user, server, permissions),
  session: async ({ userId, ageMs = 0 }: { userId: number; ageMs?: number }) => {
    const own = { config: panel.ctx.config, now: () => Date.now() - ageMs }
    const session = { userId, ip: '127.0.0.1', userAgent: 'abuse' }
    const token = await panel.ctx.store.transaction((trx) => createSession(own, trx, session))
    lastHash = tokenHash(token)
    return token
  },
  tables: () => dump(panel),
  memory: async () => process.memoryUsage().rss,
}
export type Operations = typeof operations

process.on('message', (message: { id: number; name: keyof Operations; input: never }) => {
  const run = async () => operations[message.name](message.input)
  run().then(
    (result) => process.send?.({ id: message.id, result: result ?? null }),
    (error: unknown) => process.send?.({ id: message.id, error: String(error) }),
  )
})
process.send?.({ url })
process.once('disconnect', () => process.exit(0))

/** All rows of all tables, without what a refused request may write: when somebody was last seen, and remembered keys. */
async function dump({ ctx }: Panel): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {}
  const tables = await ctx.db.introspection.getTables()
  for (const { name } of tables) {
    if (name === 'idempotency_keys' || name === 'leases') continue
    const found = await ctx.db
      .selectFrom(name as 'users')
      .selectAll()
      .execute()
    rows[name] = found.map((row) => {
      const { last_seen_at: _seen, last_used_at: _used, ...rest } = row as Record<string, unknown>
      return JSON.stringify(rest)
    })
  }
  return rows
}

function breakAnswers({ ctx }: Panel, how: 'leak' | 'write' | 'crash'): void {
  const { writeHead } = ServerResponse.prototype
  if (how === 'leak') {
    ServerResponse.prototype.writeHead = function leaking(this: ServerResponse, ...args: unknown[]) {
      if (lastHash !== null) this.setHeader('x-debug', lastHash)
      return Reflect.apply(writeHead, this, args) as ServerResponse
    } as typeof writeHead
  }
  const end = ServerResponse.prototype.end
  ServerResponse.prototype.end = function broken(this: ServerResponse, ...args: unknown[]) {
    const { req } = this
    if (how === 'crash' && this.statusCode === 422) process.exit(1)
    if (how === 'write' && this.statusCode >= 400 && req.method !== 'GET') {
      const touch = ctx.store.transaction(async (trx) => {
        await trx
          .updateTable('users')
          .set((eb) => ({ revision: eb('revision', '+', 1) }))
          .execute()
      })
      void touch.then(() => Reflect.apply(end, this, args))
      return this
    }
    return Reflect.apply(end, this, args) as ServerResponse
  } as typeof end
}
