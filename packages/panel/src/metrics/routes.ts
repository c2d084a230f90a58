import * as api from '@hatchery/core/api'
import { implement, type Routes } from '../http/implement.ts'
import { serverOf } from '../servers/read-server.ts'
import { answer } from '../http/reply.ts'
import type { PrometheusExport } from './prometheus.ts'
import { readNodeMetrics, readServerMetrics } from './read-metrics.ts'

/** Registered before all others, so that their answers are timed too. */
export function metricsRoutes(routes: Routes): void {
  // Loaded by the first scrape: a panel that nobody scrapes holds nothing of it.
  let scraped: PrometheusExport | undefined
  routes.fastify.addHook('onResponse', (request, reply, done) => {
    scraped?.observe(request.method, request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime)
    done()
  })
  implement(routes, api.scrapeMetrics, async () => {
    const { createPrometheusExport } = await import('./prometheus.ts')
    scraped ??= createPrometheusExport(routes.ctx)
    return answer(200, bytesOf(await scraped.text()), { 'content-type': scraped.contentType })
  })
  implement(routes, api.readServerMetrics, (ctx, { query }, signal) =>
    readServerMetrics(ctx, serverOf(ctx), query, signal),
  )
  implement(routes, api.readNodeMetrics, (ctx, { params, query }, signal) =>
    readNodeMetrics(ctx, params.node, query, signal),
  )
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
