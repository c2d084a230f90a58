import * as api from '@hatchery/core/api'
import type { ResponseOf } from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { answerSerialized } from '../http/reply.ts'
import { answerFeature } from './answer-feature.ts'
import { listConsoleRuns, readConsole, readStats, searchConsole } from './console.ts'
import { createServer } from './create-server.ts'
import { deleteServer } from './delete-server.ts'
import { liftHold, placeHold } from './holds.ts'
import { listServers } from './list-servers.ts'
import { planServer } from './place.ts'
import { reinstallServer, requestPower, sendCommand } from './power.ts'
import { administered, readServer, serverOf } from './read-server.ts'
import { readStartup, updateImage, updateStartup } from './startup.ts'
import { updateLifecycle } from './update-lifecycle.ts'
import { renameServer, updateBuild } from './update-server.ts'

export function serversRoutes(routes: Routes): void {
  implement(routes, api.listServers, async (ctx, { query }) =>
    answerSerialized<ResponseOf<typeof api.listServers>>(200, await listServers(ctx, query)),
  )
  implement(routes, api.planServer, (ctx, { body }) => planServer(ctx, body))
  implement(routes, api.createServer, (ctx, { body }) => createServer(ctx, body))
  implement(routes, api.getServer, (ctx) => readServer(ctx, serverOf(ctx)))
  implement(routes, api.updateServer, (ctx, { body, ifMatch }) => renameServer(ctx, serverOf(ctx), body, ifMatch))
  implement(routes, api.updateServerBuild, async (ctx, { params, body, ifMatch }) =>
    updateBuild(ctx, await administered(ctx, params.server), body, ifMatch),
  )
  implement(routes, api.updateServerLifecycle, (ctx, { body, ifMatch }) =>
    updateLifecycle(ctx, serverOf(ctx), body, ifMatch),
  )
  implement(routes, api.deleteServer, async (ctx, { params }) =>
    deleteServer(ctx, await administered(ctx, params.server)),
  )

  implement(routes, api.powerServer, (ctx, { body }) => requestPower(ctx, serverOf(ctx), body.action))
  implement(routes, api.sendCommand, (ctx, { body }) => sendCommand(ctx, serverOf(ctx), body.command))
  implement(routes, api.readConsole, (ctx, { query }, signal) => readConsole(ctx, serverOf(ctx), query, signal))
  implement(routes, api.searchConsole, (ctx, { query }, signal) => searchConsole(ctx, serverOf(ctx), query, signal))
  implement(routes, api.listConsoleRuns, (ctx, _input, signal) => listConsoleRuns(ctx, serverOf(ctx), signal))
  implement(routes, api.readStats, (ctx, _input, signal) => readStats(ctx, serverOf(ctx), signal))
  implement(routes, api.reinstallServer, (ctx) => reinstallServer(ctx, serverOf(ctx)))

  implement(routes, api.getStartup, (ctx) => readStartup(ctx, serverOf(ctx)))
  implement(routes, api.updateStartup, (ctx, { body, ifMatch }) => updateStartup(ctx, serverOf(ctx), body, ifMatch))
  implement(routes, api.updateImage, (ctx, { body, ifMatch }) => updateImage(ctx, serverOf(ctx), body.image, ifMatch))
  implement(routes, api.answerFeature, (ctx, { params, body }) =>
    answerFeature(ctx, serverOf(ctx), params.feature, body.image),
  )

  implement(routes, api.placeHold, async (ctx, { params, body }) =>
    placeHold(ctx, await administered(ctx, params.server), params.kind, body.reason ?? ''),
  )
  implement(routes, api.liftHold, async (ctx, { params }) =>
    liftHold(ctx, await administered(ctx, params.server), params.kind),
  )
}
