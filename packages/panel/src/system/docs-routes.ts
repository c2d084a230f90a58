import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { AppError } from '@hatchery/core/errors'
import type { FastifyInstance } from 'fastify'
import type { RequestGate } from '../http/request-gate.ts'
import { pageHeaders } from '../http/security-headers.ts'
import { DOCS_SCRIPT, docsPage } from './docs-page.ts'

/** The API's own description: the document and a page that shows it, without a request to anybody else. */
export function docsRoutes(fastify: FastifyInstance, gate: RequestGate): void {
  const script = `'sha256-${createHash('sha256').update(DOCS_SCRIPT).digest('base64')}'`

  fastify.get('/api/v1/openapi.json', { exposeHeadRoute: false }, async (request, reply) => {
    await gate.enter(request, reply, 'default')
    return reply.send(await readOpenApi())
  })
  fastify.get('/api/docs', { exposeHeadRoute: false }, async (request, reply) => {
    await gate.enter(request, reply, 'default')
    return reply
      .headers(pageHeaders([script]))
      .header('content-type', 'text/html; charset=utf-8')
      .send(docsPage())
  })
}

async function readOpenApi(): Promise<string> {
  // The build puts it beside this file; the sources have it where it is generated.
  const places = [
    () => new URL('openapi.json', import.meta.url),
    () => join(dirname(createRequire(import.meta.url).resolve('@hatchery/core/package.json')), 'openapi.json'),
  ]
  let cause: unknown
  for (const place of places) {
    try {
      return await readFile(place(), 'utf8')
    } catch (error) {
      cause = error
    }
  }
  throw new AppError('SERVICE_UNAVAILABLE', { reason: 'the API description is not part of this build' }, { cause })
}
