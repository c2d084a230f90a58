import { AppError } from '@hatchery/core/errors'
import { CONTRACTS } from '@hatchery/core/api'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { registerRoutes } from '../routes.ts'
import { docsRoutes } from '../system/docs-routes.ts'
import { wingsRemoteRoutes } from '../wings/remote/routes.ts'
import { directOriginsOf } from '../nodes/direct-origin.ts'
import { webRoutes } from '../web/web-routes.ts'
import type { ContractLayer } from './contract-layer.ts'
import { errorReply } from './error-answer.ts'
import type { HostNames } from './host-names.ts'
import type { Routes } from './implement.ts'
import { parseJsonBody } from './json-body.ts'
import type { RequestGate } from './request-gate.ts'

export interface PluginParts {
  readonly ctx: Context
  readonly layer: ContractLayer
  readonly gate: RequestGate
  readonly hostNames: HostNames
  readonly routes: ((routes: Routes) => void) | undefined
  readonly webRoot: string | null
  /** Called with the encapsulated app, once, while the host boots. */
  readonly onMount: (fastify: FastifyInstance) => Promise<void>
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const
const PATTERNS = [...CONTRACTS.values()].map(({ path }) => new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`))

/**
 * The panel as one encapsulated plugin: parsers, error shape and routes are its own, and the host's app gets no
 * decorator, hook or parser from it.
 */
export function panelPlugin(parts: PluginParts): FastifyPluginAsync {
  const { ctx, layer, gate } = parts
  return async (fastify) => {
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser(
      /^application\/(?:[\w.-]+\+)?json/,
      { parseAs: 'string' },
      async (_request: unknown, text: string | Buffer) => parseJsonBody(String(text)),
    )
    // Handed on unread; who does not expect bytes refuses them.
    fastify.addContentTypeParser('application/octet-stream', (_request: unknown, payload: unknown, done) => {
      done(null, payload)
    })
    fastify.setErrorHandler((error, request, reply) => sendError(parts, error, request, reply))
    fastify.addHook('onRequest', (request, _reply, done) => {
      parts.hostNames.check(request.raw, request.url.slice(fastify.prefix.length), fastify.server)
      done()
    })

    await fastify.register(
      async (api) => {
        const routes = { fastify: api, ctx, layer }
        registerRoutes(routes)
        parts.routes?.(routes)
      },
      { prefix: '/api/v1' },
    )
    docsRoutes(fastify, gate)
    await fastify.register(wingsRemoteRoutes, { prefix: '/api/remote', ctx, gate })
    fastify.route({
      method: [...METHODS],
      url: '/api/*',
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        await gate.enter(request, reply, 'default')
        throw notFound(request, fastify.prefix)
      },
    })
    if (parts.webRoot !== null) await webRoutes(fastify, parts.webRoot, directOriginsOf(ctx))
    await parts.onMount(fastify)
  }
}

function notFound({ method, url }: FastifyRequest, prefix: string): AppError {
  const path = (url.split('?')[0] ?? '').slice(prefix.length)
  const ours = path.replace(/^\/api\/v1/, '')
  if (path !== ours && PATTERNS.some((pattern) => pattern.test(ours))) {
    return new AppError('METHOD_NOT_ALLOWED', { method, path })
  }
  return new AppError('ROUTE_NOT_FOUND', { method, path })
}

function sendError({ ctx, gate }: PluginParts, thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { requestId } = gate.entry(request)
  const limitBytes = request.routeOptions.bodyLimit
  const error = isTooLarge(thrown) ? new AppError('BODY_TOO_LARGE', { limitBytes }, { cause: thrown }) : thrown
  const log = ctx.log.child({ method: request.method, route: request.routeOptions.url })
  const answered = errorReply(error, requestId, log)
  if (answered.retryAfterSeconds !== null) void reply.header('retry-after', answered.retryAfterSeconds)
  void reply
    .code(answered.status)
    .header('content-type', 'application/json; charset=utf-8')
    .header('x-request-id', requestId)
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'no-store')
    .send(answered.json)
}

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof Error && 'statusCode' in thrown && thrown.statusCode === 413 && !(thrown instanceof AppError)
}
