import { createHash, timingSafeEqual } from 'node:crypto'
import { AppError } from '@hatchery/core/errors'
import type { FastifyInstance } from 'fastify'
import { Histogram, Registry } from 'prom-client'
import type { Context } from '../context.ts'
import { API_HEADERS } from '../http/security-headers.ts'
import type { RequestGate } from '../http/request-gate.ts'
import { createGauges } from './prometheus-gauges.ts'

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface PrometheusParts {
  readonly ctx: Context
  readonly gate: RequestGate
  /** What a scraper sends as `Authorization: Bearer …`. */
  readonly token: string
}

/**
 * `GET /metrics` in the text format of Prometheus, from what the panel knows already: no scrape asks a node anything. It exists
 * only where a token is set; this module is loaded only then.
 */
export function prometheusRoutes(fastify: FastifyInstance, { ctx, gate, token }: PrometheusParts): void {
  const registry = new Registry()
  const gauges = createGauges(registry, ctx)
  const durations = new Histogram({
    name: 'hatchery_http_request_duration_seconds',
    help: 'How long requests took, by method, route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [registry],
  })
  fastify.addHook('onResponse', (request, reply, done) => {
    // Routes, not addresses: their number is fixed.
    const route = request.routeOptions.url ?? 'unknown'
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    done()
  })

  const expected = digest(`Bearer ${token}`)
  fastify.get('/metrics', { exposeHeadRoute: false }, async (request, reply) => {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
      // Counted like any other guess at a secret.
      await gate.enter(request, reply, 'auth')
      throw new AppError('NOT_SIGNED_IN')
    }
    await gauges.refresh()
    return reply
      .headers(API_HEADERS)
      .header('content-type', registry.contentType)
      .send(await registry.metrics())
  })
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
