import { AppError } from '@hatchery/core/errors'
import type { AgentHandlers, AgentHello } from '@hatchery/core/protocol'
import { parseCursor } from '../console/cursor.ts'
import type { Pulls } from '../server-files/index.ts'
import type { MetricStore } from '../metrics/metric-store.ts'
import type { ServerRegistry } from '../servers/server-registry.ts'
import type { ServerContext } from '../servers/server-context.ts'
import { fileHandlers, type FileHandlerOptions } from './file-handlers.ts'
import { transferHandlers } from './transfer-handlers.ts'
import type { PanelConnection } from './panel-connection.ts'
import { runOperation, type OperationParams, type OperationRunner } from './run-operation.ts'
import type { Watchers } from './watchers.ts'

export interface HandlerOptions {
  readonly files: FileHandlerOptions
  readonly pulls: Pulls
  readonly ctx: ServerContext
  readonly servers: ServerRegistry
  readonly connection: PanelConnection
  /** Those of the session under way. */
  readonly watchers: () => Watchers
  readonly metrics: MetricStore
  readonly host: () => Promise<AgentHello['host']>
  readonly runner: OperationRunner
}

/** What the agent does for each method of the protocol. */
export function agentHandlers(options: HandlerOptions): AgentHandlers {
  const { ctx, servers, connection, watchers, host, runner } = options
  const intentOf = ({ operation, requestedBy }: OperationParams) => ({
    operation,
    who: requestedBy,
    when: ctx.now(),
  })
  const refuseInRecovery = () => {
    const hello = connection.session?.hello
    if (hello?.isRecovery) throw new AppError('NODE_IN_RECOVERY', { node: hello.node })
  }

  return {
    'node.info': host,

    async 'node.rotateSecret'({ keyId }) {
      return { secret: ctx.state.secrets.prepare(keyId, ctx.now()) }
    },

    async 'server.list'() {
      await servers.ready(null)
      return { servers: [...servers.list()] }
    },

    async 'server.apply'({ spec }) {
      // What is not known yet may still be found on this machine.
      if (!servers.has(spec.id)) await servers.ready(spec.id)
      return servers.apply(spec)
    },

    'server.delete': (params) =>
      runOperation(runner, 'server.delete', params, () => {
        refuseInRecovery()
        servers.delete(params)
        return {}
      }),

    'server.install': (params) =>
      runOperation(runner, 'server.install', params, () => {
        if (params.isReinstall) refuseInRecovery()
        servers.get(params.server).install(params.operation, params.startWhenInstalled)
        return {}
      }),

    'server.power': (params) =>
      runOperation(runner, 'server.power', params, () => ({
        state: servers.get(params.server).power(params.action, intentOf(params)),
      })),

    'server.command': (params, signal) =>
      runOperation(runner, 'server.command', params, async () => {
        await servers.get(params.server).command(params.command, signal)
        ctx.state.operations.finish(params.operation, 'succeeded', ctx.now())
        return {}
      }),

    'server.acceptEula': (params) =>
      runOperation(runner, 'server.acceptEula', params, async () => {
        await servers.get(params.server).acceptEula(intentOf(params))
        return {}
      }),

    async 'server.stats'({ server }) {
      await servers.ready(server)
      const supervisor = servers.get(server)
      return { state: supervisor.state, stats: await supervisor.stats() }
    },

    async 'console.read'({ server, after, limit }) {
      const { console } = servers.get(server)
      await console.flushed()
      const cursor = after === null ? console.startOfNewest(limit) : parseCursor(after)
      const lines = await console.readAfter(cursor, limit)
      return { lines: [...lines] }
    },

    async 'console.search'({ server, text, before, until, limit = 100 }) {
      const query = { ...(text === undefined ? {} : { text }), ...(until === undefined ? {} : { until }), limit }
      const found = await servers.get(server).console.search({
        ...query,
        before: before === undefined ? null : parseCursor(before),
      })
      return { lines: [...found.lines], before: found.before && `${found.before.run}:${found.before.line}` }
    },

    async 'console.runs'({ server }) {
      return {
        runs: servers
          .get(server)
          .console.runs()
          .map(({ run, line }) => ({ run, firstLine: line })),
      }
    },

    async 'console.watch'({ server, after, tail }) {
      watchers().watchConsole(servers.get(server), after, tail)
      return {}
    },

    async 'console.unwatch'({ server }) {
      watchers().unwatchConsole(server)
      return {}
    },

    async 'stats.watch'({ server }) {
      watchers().watchStats(servers.get(server))
      return {}
    },

    async 'stats.unwatch'({ server }) {
      watchers().unwatchStats(server)
      return {}
    },

    async 'operation.cancel'({ operation }) {
      const record = ctx.state.operations.find(operation)
      if (!record) throw new AppError('OPERATION_NOT_FOUND', { id: operation })
      const isCancelled =
        options.files.jobs.cancel(operation) || (record.server !== null && servers.get(record.server).cancel(operation))
      if (!isCancelled) throw new AppError('OPERATION_FINISHED', { id: operation })
      return {}
    },

    async 'access.revoke'({ user, server, minRevision }) {
      ctx.state.accessFloors.raise(user, server, minRevision)
      return {}
    },

    async 'operation.forget'({ before }) {
      ctx.state.operations.forget(before)
      return {}
    },

    'metrics.read': (params) => options.metrics.read(ctx.now(), params),

    ...fileHandlers(options.files, runner),
    ...transferHandlers({ ...options.files, pulls: options.pulls, directories: () => watchers().directories }, runner),
  }
}
