import { Histogram, Registry } from 'prom-client'
import type { Context } from '../context.ts'
import { createGauges } from './prometheus-gauges.ts'

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface PrometheusExport {
  readonly contentType: string
  /** Times one answer. Routes, not addresses: their number is fixed. */
  observe(method: string, route: string, status: number, elapsedMs: number): void
  text(): Promise<string>
}

/** What the panel knows already, for Prometheus. */
export function createPrometheusExport(ctx: Context): PrometheusExport {
  const registry = new Registry()
  const gauges = createGauges(registry, ctx)
  const durations = new Histogram({
    name: 'hatchery_http_request_duration_seconds',
    help: 'How long requests took, by method, route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers: [registry],
  })
  return {
    contentType: registry.contentType,
    observe: (method, route, status, elapsedMs) => durations.observe({ method, route, status }, elapsedMs / 1000),
    async text() {
      await gauges.refresh()
      return registry.metrics()
    },
  }
}
