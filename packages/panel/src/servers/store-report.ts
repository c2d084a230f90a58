import type { ServerReport } from '@hatchery/core/protocol'
import type { Context } from '../context.ts'
import { touchServer, type Change } from './touch-server.ts'

export interface ReportOrigin {
  readonly nodeId: number
  /** Session in which the report came (RULES 13). */
  readonly sessionEpoch: number
}

export type ReportOutcome =
  | 'stored'
  /** Not newer than what is stored. */
  | 'outdated'
  /** The panel does not know the server on this node; the node keeps it (RULES 1). */
  | 'orphaned'

/** Stores what a node says of one server, if it is newer than what is known. The panel shows it; it never decides it (RULES 2). */
export async function storeReport(
  ctx: Pick<Context, 'bus' | 'events' | 'now'>,
  change: Change,
  origin: ReportOrigin,
  report: ServerReport,
): Promise<ReportOutcome> {
  const { trx } = change
  const server = await trx
    .selectFrom('servers')
    .select([
      'id',
      'uuid',
      'node_id',
      'process_state',
      'install_state',
      'operation_uuid',
      'report_session_epoch',
      'report_state_seq',
      'run',
      'last_exit',
      'authority_epoch',
    ])
    .where('uuid', '=', report.server)
    .executeTakeFirst()
  if (!server || server.node_id !== origin.nodeId) return 'orphaned'

  const isNewer =
    origin.sessionEpoch > server.report_session_epoch ||
    (origin.sessionEpoch === server.report_session_epoch && report.stateSeq > server.report_state_seq)
  if (!isNewer) return 'outdated'

  const exit = report.exit === null ? server.last_exit : JSON.stringify(report.exit)
  // While an installation is under way, its end is what decides: an older report must not show it as done.
  const install = server.operation_uuid === null ? report.install : server.install_state
  await trx
    .updateTable('servers')
    .set({
      process_state: report.state,
      install_state: install,
      run: report.run,
      last_exit: exit,
      report_session_epoch: origin.sessionEpoch,
      report_state_seq: report.stateSeq,
      // Higher only after this database was restored from an older copy: the node keeps what it was given (RULES 3).
      authority_epoch: Math.max(server.authority_epoch, report.authorityEpoch ?? 0),
    })
    .where('id', '=', server.id)
    .execute()

  const isVisible =
    report.state !== server.process_state || install !== server.install_state || exit !== server.last_exit
  if (isVisible) {
    await touchServer(ctx, change, server, 'node')
    await ctx.events.append(trx, {
      type: 'server:state',
      serverId: server.id,
      nodeId: origin.nodeId,
      data: { from: server.process_state, to: report.state, run: report.run, startedAt: report.startedAt },
    })
  }
  return 'stored'
}
