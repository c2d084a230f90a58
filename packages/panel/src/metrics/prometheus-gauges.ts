import { Gauge, type Registry } from 'prom-client'
import type { Context } from '../context.ts'

/** Levels that are read when somebody scrapes. A group that is empty now says nothing rather than what it said before. */
export function createGauges(registry: Registry, ctx: Context): { refresh(): Promise<void> } {
  const gauge = <const L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge<L>({ name, help, labelNames, registers: [registry] })
  const nodes = gauge('hatchery_nodes', 'Nodes by kind', 'kind')
  const connected = gauge('hatchery_node_connected', '1 while this panel has a connection to the node', 'node', 'name')
  const lastSeen = gauge('hatchery_node_last_seen_timestamp_seconds', 'When the node was heard last', 'node', 'name')
  const servers = gauge('hatchery_servers', 'Servers by what their node reported last', 'state', 'install')
  const operations = gauge('hatchery_operations', 'Operations that have not ended, by kind', 'kind', 'status')
  const waiting = gauge('hatchery_event_log_unnumbered', 'Committed events that no reader can see yet')
  const lag = gauge('hatchery_event_log_lag_seconds', 'Age of the oldest event that no reader can see yet')
  const position = gauge('hatchery_event_log_position', 'Position of the newest event')

  async function refreshNodes(): Promise<void> {
    const rows = await ctx.db.selectFrom('nodes').select(['id', 'uuid', 'name', 'kind', 'last_seen_at']).execute()
    for (const one of [nodes, connected, lastSeen]) one.reset()
    for (const { id, uuid, name, kind, last_seen_at: seenAt } of rows) {
      nodes.inc({ kind })
      connected.set({ node: uuid, name }, ctx.nodes.of(id).isConnected ? 1 : 0)
      if (seenAt !== null) lastSeen.set({ node: uuid, name }, seenAt / 1000)
    }
  }

  async function refreshServers(): Promise<void> {
    const rows = await ctx.db
      .selectFrom('servers')
      .select(['process_state as state', 'install_state as install', (eb) => eb.fn.countAll<number>().as('count')])
      .groupBy(['process_state', 'install_state'])
      .execute()
    servers.reset()
    for (const { state, install, count } of rows) servers.set({ state, install }, Number(count))
  }

  async function refreshOperations(): Promise<void> {
    const rows = await ctx.db
      .selectFrom('operations')
      .select(['kind', 'status', (eb) => eb.fn.countAll<number>().as('count')])
      .where('status', 'in', ['pending', 'running'])
      .groupBy(['kind', 'status'])
      .execute()
    operations.reset()
    for (const { kind, status, count } of rows) operations.set({ kind, status }, Number(count))
  }

  async function refreshEvents(): Promise<void> {
    const head = await ctx.db.selectFrom('event_log_head').select('position').executeTakeFirst()
    // On SQLite the position is the id, so that no event waits.
    const unnumbered = await ctx.db
      .selectFrom('event_log')
      .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.min('at').as('oldest')])
      .where('position', 'is', null)
      .executeTakeFirst()
    const count = ctx.store.dialect === 'sqlite' ? 0 : Number(unnumbered?.count ?? 0)
    waiting.set(count)
    lag.set(count === 0 ? 0 : Math.max(0, ctx.now() - Number(unnumbered?.oldest ?? ctx.now())) / 1000)
    if (head) position.set(Number(head.position))
  }

  return {
    async refresh() {
      await Promise.all([refreshNodes(), refreshServers(), refreshOperations(), refreshEvents()])
    },
  }
}
