import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { AppError } from '@hatchery/core/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pageHeaders } from '../http/security-headers.ts'

interface WebFile {
  readonly path: string
  readonly type: string
  readonly etag: string
  /** Named by its content: it can be kept for ever. */
  readonly isImmutable: boolean
  /** Suffixes of precompressed neighbours, by content coding. */
  readonly encodings: ReadonlyMap<string, string>
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  webmanifest: 'application/manifest+json',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  webp: 'image/webp',
  woff2: 'font/woff2',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
}
const CODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/**
 * Serves the built web app: what its build named by content for ever, the page itself never from a cache. Only files that
 * were there at the start are served, so no path is ever looked up on the disk.
 */
export async function webRoutes(
  fastify: FastifyInstance,
  root: string,
  listOrigins: () => Promise<readonly string[]>,
): Promise<void> {
  const files = await listFiles(root)
  const page = files.get('/index.html')
  if (!page) throw new Error(`${root} holds no built web app (index.html is missing). Build it first.`)
  const scripts = inlineScripts(await readFile(page.path, 'utf8'))

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/*',
    handler: async (request, reply) => {
      const path = decodePath(request.url, fastify.prefix)
      const file = path === null ? undefined : files.get(path)
      if (file && file !== page) return sendFile(file, request, reply)
      // A file that is gone is an error; any other path is one of the app's own pages.
      if (path === null || /\.\w+$/.test(path))
        throw new AppError('ROUTE_NOT_FOUND', { method: 'GET', path: path ?? '' })
      void reply.headers(pageHeaders(scripts, await listOrigins()))
      return sendFile(page, request, reply)
    },
  })
}

async function listFiles(root: string): Promise<ReadonlyMap<string, WebFile>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const known = new Set(paths)
  const files = new Map<string, WebFile>()
  for (const path of paths) {
    if (CODINGS.some(([, suffix]) => path.endsWith(suffix) && known.has(path.slice(0, -suffix.length)))) continue
    const url = `/${relative(root, path).split(sep).join('/')}`
    const { size, mtimeMs } = await stat(path)
    files.set(url, {
      path,
      type: TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
      etag: `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
      isImmutable: /[-.][A-Za-z0-9_-]{8,}\.\w+$/.test(url) && url.startsWith('/assets/'),
      encodings: new Map(CODINGS.filter(([, suffix]) => known.has(path + suffix))),
    })
  }
  return files
}

function sendFile(file: WebFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const coding = [...file.encodings.keys()].find((name) =>
    new RegExp(`\\b${name}\\b(?!;q=0(?:[,\\s]|$))`).test(accepted),
  )
  const etag = coding ? file.etag.replace(/"$/, `-${coding}"`) : file.etag
  void reply.headers({
    'content-type': file.type,
    'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    etag,
    vary: 'accept-encoding',
  })
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  if (coding) void reply.header('content-encoding', coding)
  if (request.method === 'HEAD') return reply.send()
  return reply.send(createReadStream(file.path + (coding ? file.encodings.get(coding) : '')))
}

function decodePath(url: string, prefix: string): string | null {
  const path = (url.split('?')[0] ?? '').slice(prefix.length)
  try {
    return decodeURIComponent(path)
  } catch {
    // A broken escape names no file.
    return null
  }
}

/** Inline scripts that the build put into the page may run; nothing else may. */
function inlineScripts(html: string): readonly string[] {
  return [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  )
}
