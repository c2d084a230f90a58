import { AppError } from '@hatchery/core/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../../context.ts'
import type { RequestGate } from '../../http/request-gate.ts'
import { findWingsNode, type WingsNode } from '../wings-secret.ts'
import { finishInstall } from './finish-install.ts'
import type { WingsKind } from './server-configuration.ts'
import { isOnNode, listForWings, readForWings, readInstallScript } from './servers.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MAX_BODY_BYTES = 1024 * 1024

interface Answer {
  readonly status: number
  readonly body?: unknown
}

/** One call of a Wings that has proved which node it is. */
interface Call {
  readonly node: WingsNode
  readonly kind: WingsKind
  /** Empty where the path names none. */
  readonly server: string
  readonly query: Readonly<Record<string, unknown>>
  readonly body: unknown
}

const DONE: Answer = { status: 204 }
const refuse = (status: number, code: string, detail: string): Answer => ({
  status,
  body: { errors: [{ code, status: String(status), detail }] },
})
const noServer = refuse(404, 'NotFoundHttpException', 'The server is not on this node.')
const noBackups = refuse(404, 'NotFoundHttpException', 'This panel offers no backups to Wings nodes.')

/**
 * What an unmodified Wings calls on its panel. It is its own family: Bearer `<id>.<secret>`, errors in Wings' form. A refusal is
 * final for a Wings and anything else is asked again, so every call may come twice.
 */
export async function wingsRemoteRoutes(
  fastify: FastifyInstance,
  { ctx, gate }: { readonly ctx: Context; readonly gate: RequestGate },
): Promise<void> {
  const on = (method: 'GET' | 'POST', url: string, run: (call: Call) => Promise<Answer>) =>
    fastify.route({
      method,
      url,
      exposeHeadRoute: false,
      bodyLimit: MAX_BODY_BYTES,
      handler: async (request, reply) => {
        const node = await findWingsNode(ctx, request.headers.authorization)
        if (!node) return send(reply, await turnAway(gate, request, reply))
        const call = readCall(node, request)
        if (call === null) return send(reply, noServer)
        return send(reply, await run(call))
      },
    })

  on('GET', '/servers', async ({ node, kind, query }) => ({
    status: 200,
    body: await listForWings(ctx, node, kind, {
      page: toCount(query['page'], 1),
      perPage: toCount(query['per_page'], 50),
    }),
  }))
  // The panel's own records say what is under way; a node that starts again has nothing to reset there.
  on('POST', '/servers/reset', async () => DONE)
  on('GET', '/servers/:server', async ({ node, kind, server }) => found(await readForWings(ctx, node, kind, server)))
  on('GET', '/servers/:server/install', async ({ node, server }) => found(await readInstallScript(ctx, node, server)))
  on('POST', '/servers/:server/install', (call) => takeInstallEnd(ctx, call))
  // Pelican reports states here as well; the socket has said it already.
  on('POST', '/servers/:server/container/status', async ({ node, server }) =>
    (await isOnNode(ctx, node, server)) ? { status: 200, body: {} } : noServer,
  )
  for (const end of ['success', 'failure']) {
    on('POST', `/servers/:server/transfer/${end}`, async () =>
      refuse(409, 'ConflictHttpException', 'Server is not being transferred.'),
    )
  }
  on('POST', '/sftp/auth', async () =>
    refuse(403, 'HttpForbiddenException', 'This panel does not let SFTP in on Wings nodes.'),
  )
  // Nobody but the panel works on these nodes, and what it does it has written down itself.
  on('POST', '/activity', async () => DONE)
  on('GET', '/backups/:backup', async () => noBackups)
  on('POST', '/backups/:backup', async () => noBackups)
  on('POST', '/backups/:backup/restore', async () => noBackups)
}

async function takeInstallEnd(ctx: Context, { node, server, body }: Call): Promise<Answer> {
  if (!(await isOnNode(ctx, node, server))) return noServer
  if (typeof body !== 'object' || body === null || !('successful' in body) || typeof body.successful !== 'boolean') {
    return refuse(422, 'ValidationException', 'successful must be true or false.')
  }
  await finishInstall(ctx, node, server, body.successful)
  return DONE
}

function readCall(node: WingsNode, request: FastifyRequest): Call | null {
  const { server = '' } = request.params as { server?: string }
  if (server !== '' && !UUID.test(server)) return null
  return {
    node,
    kind: request.headers['user-agent']?.startsWith('Pelican') === true ? 'pelican' : 'pterodactyl',
    server,
    query: request.query as Record<string, unknown>,
    body: request.body,
  }
}

/** Whoever guesses is counted by address. */
async function turnAway(gate: RequestGate, request: FastifyRequest, reply: FastifyReply): Promise<Answer> {
  try {
    await gate.enter(request, reply, 'auth')
  } catch (error) {
    // What looks like a key of the API is none; only too many of them are another answer.
    if (!(error instanceof AppError) || error.code === 'RATE_LIMITED') throw error
  }
  if (request.headers.authorization !== undefined) {
    return refuse(403, 'AccessDeniedHttpException', 'You are not authorized to access this resource.')
  }
  void reply.header('www-authenticate', 'Bearer')
  return refuse(401, 'HttpException', 'Access to this resource must include an Authorization header.')
}

function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  void reply.code(status).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
  if (body === undefined) return reply.send()
  return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body))
}

const found = (body: object | null): Answer => (body === null ? noServer : { status: 200, body })

function toCount(value: unknown, otherwise: number): number {
  const count = Number(value)
  return value !== undefined && Number.isSafeInteger(count) && count >= 0 ? count : otherwise
}
