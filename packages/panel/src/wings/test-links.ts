import type { AgentMethod } from '@hatchery/core/protocol'
import type { NodeLinkHarness } from '@hatchery/core/conformance'
import { buildSpec } from '../servers/build-spec.ts'
import { loadSpecSource } from '../servers/load-spec.ts'
import type { TestPanel, TestUser } from '../testing/test-panel.ts'

/** What the conformance suite needs of a panel, whatever is at the other end of the link. For tests. */
export function linkHarness(
  panel: TestPanel,
  parts: {
    readonly node: number
    readonly owner: TestUser
    readonly unsupported: readonly AgentMethod[]
    /** Columns of each server that is made. */
    readonly values?: Readonly<Record<string, unknown>>
    readonly disconnect: () => Promise<void>
    readonly close: () => Promise<void>
  },
): NodeLinkHarness {
  const { ctx } = panel
  const lines = new Map<string, string[]>()
  ctx.nodes.onEphemeral((_node, event) => {
    if (event.name !== 'console') return
    const texts = lines.get(event.data.server) ?? []
    lines.set(event.data.server, texts)
    texts.push(...event.data.lines.map(({ text }) => text))
  })
  const rowOf = (uuid: string) =>
    ctx.db.selectFrom('servers').selectAll().where('uuid', '=', uuid).executeTakeFirstOrThrow()

  return {
    link: ctx.nodes.of(parts.node),
    unsupported: parts.unsupported,
    async server() {
      const server = await panel.createServer(parts.owner, {
        node_id: parts.node,
        install_state: 'none',
        ...parts.values,
      })
      const source = await loadSpecSource(ctx, server.id)
      if (!source) throw new Error('The server was just made.')
      return buildSpec(source)
    },
    async operation(uuid, method) {
      const row = await rowOf(uuid)
      return ctx.store.transaction(async (trx) => {
        const operation = await ctx.operations.create(trx, {
          kind: method === 'server.install' ? 'install' : 'delete',
          class: 'resumable',
          method,
          params: { server: uuid, startWhenInstalled: false },
          serverId: row.id,
          nodeId: parts.node,
          userId: null,
          requestedBy: 'tests',
          permission: 'server:settings.reinstall',
          lifetimeMs: null,
          canCancel: false,
        })
        await trx.updateTable('operations').set({ status: 'running' }).where('uuid', '=', operation).execute()
        await trx.updateTable('servers').set({ operation_uuid: operation }).where('id', '=', row.id).execute()
        if (method === 'server.delete') {
          const { uuid: server_uuid, generation_epoch, generation_n } = row
          await trx
            .insertInto('tombstones')
            .values({
              server_uuid,
              node_id: parts.node,
              generation_epoch,
              generation_n,
              operation_uuid: operation,
              created_at: ctx.now(),
              confirmed_at: null,
            })
            .execute()
        }
        return operation
      })
    },
    async stored(uuid) {
      const row = await ctx.db
        .selectFrom('servers')
        .select(['process_state as state', 'install_state as install', 'run'])
        .where('uuid', '=', uuid)
        .executeTakeFirst()
      return row ?? null
    },
    async operationStatus(uuid) {
      const row = await ctx.db
        .selectFrom('operations')
        .select('status')
        .where('uuid', '=', uuid)
        .executeTakeFirstOrThrow()
      return row.status
    },
    console: (uuid) => lines.get(uuid) ?? [],
    disconnect: parts.disconnect,
    [Symbol.asyncDispose]: parts.close,
  }
}
